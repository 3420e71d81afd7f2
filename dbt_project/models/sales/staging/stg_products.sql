-- depends_on: {{ ref('raw_products') }}
select
    id as product_id,
    name as product_name,
    category,
    loaded_at
from {{ source('shop', 'products') }}
