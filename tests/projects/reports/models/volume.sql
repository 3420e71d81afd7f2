select count(*) as orders from {{ ref('shop', 'orders') }}
