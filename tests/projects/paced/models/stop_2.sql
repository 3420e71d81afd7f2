select stop + 1 as stop{{ pace('stop_2') }} from {{ ref('stop_1') }}
