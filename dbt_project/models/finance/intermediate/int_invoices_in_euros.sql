with paid as (

    select
        invoice_id,
        sum(amount) as amount
    from {{ ref('stg_payments') }}
    group by invoice_id

)

select
    invoices.invoice_id,
    invoices.customer_id,
    invoices.issued_on,
    invoices.due_on,
    round(invoices.amount * rates.euros, 2) as amount,
    round(coalesce(paid.amount, 0) * rates.euros, 2) as paid
from {{ ref('stg_invoices') }} as invoices
inner join {{ ref('stg_exchange_rates') }} as rates on invoices.currency = rates.currency
left join paid on invoices.invoice_id = paid.invoice_id
