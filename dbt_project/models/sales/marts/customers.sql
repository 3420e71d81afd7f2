with orders as (

    select
        customer_id,
        min(ordered_on) as first_order_on,
        count(*) as orders,
        sum(revenue) as revenue
    from {{ ref('orders') }}
    group by customer_id

)

select
    customers.customer_id,
    customers.customer_name,
    customers.country,
    orders.first_order_on,
    coalesce(orders.orders, 0) as orders,
    coalesce(orders.revenue, 0) as revenue
from {{ ref('stg_customers') }} as customers
left join orders on customers.customer_id = orders.customer_id
