select stop + 1 as stop{{ pace('stop_6') }} from {{ ref('stop_5') }}
