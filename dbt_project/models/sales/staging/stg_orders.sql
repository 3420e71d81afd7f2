-- depends_on: {{ ref('raw_orders') }}
select
    id as order_id,
    customer_id,
    ordered_on,
    lower(status) as status,
    loaded_at
from {{ source('shop', 'orders') }}
