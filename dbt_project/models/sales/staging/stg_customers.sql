-- depends_on: {{ ref('raw_customers') }}
select
    id as customer_id,
    name as customer_name,
    country,
    loaded_at
from {{ source('shop', 'customers') }}
