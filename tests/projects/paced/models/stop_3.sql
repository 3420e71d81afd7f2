select stop + 1 as stop{{ pace('stop_3') }} from {{ ref('stop_2') }}
