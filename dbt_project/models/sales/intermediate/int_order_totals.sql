with items as (

    select
        order_id,
        sum(quantity) as pieces,
        sum(quantity * unit_price) as amount,
        max(loaded_at) as loaded_at
    from {{ ref('stg_order_items') }}
    group by order_id

)

select
    orders.order_id,
    orders.customer_id,
    orders.ordered_on,
    orders.status,
    coalesce(items.pieces, 0) as pieces,
    coalesce(items.amount, 0) as amount,
    case when orders.status = 'completed' then coalesce(items.amount, 0) else 0 end as revenue,
    -- the moment from which this row is known: an order's items may be loaded after the order
    greatest(orders.loaded_at, coalesce(items.loaded_at, orders.loaded_at)) as loaded_at
from {{ ref('stg_orders') }} as orders
left join items on orders.order_id = items.order_id
