with invoiced as (

    select
        date_trunc('month', issued_on)::date as month,
        sum(amount) as amount
    from {{ ref('int_invoices_in_euros') }}
    group by 1

),

collected as (

    select
        date_trunc('month', payments.paid_on)::date as month,
        sum(round(payments.amount * rates.euros, 2)) as amount
    from {{ ref('stg_payments') }} as payments
    inner join {{ ref('stg_invoices') }} as invoices on payments.invoice_id = invoices.invoice_id
    inner join {{ ref('stg_exchange_rates') }} as rates on invoices.currency = rates.currency
    group by 1

)

select
    coalesce(invoiced.month, collected.month) as month,
    coalesce(invoiced.amount, 0) as invoiced,
    coalesce(collected.amount, 0) as collected
from invoiced
full outer join collected on invoiced.month = collected.month
