-- depends_on: {{ ref('raw_payments') }}
select
    id as payment_id,
    invoice_id,
    paid_on,
    amount,
    loaded_at
from {{ source('billing', 'payments') }}
