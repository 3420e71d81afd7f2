-- depends_on: {{ ref('raw_exchange_rates') }}
select
    upper(currency) as currency,
    euros,
    loaded_at
from {{ source('billing', 'exchange_rates') }}
