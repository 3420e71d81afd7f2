-- depends_on: {{ ref('raw_invoices') }}
select
    id as invoice_id,
    customer_id,
    issued_on,
    due_on,
    amount,
    upper(currency) as currency,
    loaded_at
from {{ source('billing', 'invoices') }}
