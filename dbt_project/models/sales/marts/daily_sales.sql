select
    ordered_on,
    count(*) as orders,
    sum(pieces) as pieces,
    sum(revenue) as revenue
from {{ ref('orders') }}
group by ordered_on
