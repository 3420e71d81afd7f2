select stop + 1 as stop{{ pace('stop_5') }} from {{ ref('stop_4') }}
