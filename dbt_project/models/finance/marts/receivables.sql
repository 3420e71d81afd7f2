select
    invoice_id,
    customer_id,
    due_on,
    amount,
    paid,
    amount - paid as outstanding,
    case
        when paid >= amount then 'paid'
        when paid > 0 then 'partly paid'
        else 'open'
    end as status
from {{ ref('int_invoices_in_euros') }}
