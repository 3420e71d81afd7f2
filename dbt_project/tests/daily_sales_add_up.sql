-- The days together are worth as much as the orders: nothing lost, nothing twice.
{{ config(tags=["sales"]) }}

with days as (
    select sum(revenue) as revenue from {{ ref('daily_sales') }}
),

orders as (
    select sum(revenue) as revenue from {{ ref('orders') }}
)

select
    days.revenue as days,
    orders.revenue as orders
from days
cross join orders
where days.revenue != orders.revenue
