select stop + 1 as stop{{ pace('stop_4') }} from {{ ref('stop_3') }}
