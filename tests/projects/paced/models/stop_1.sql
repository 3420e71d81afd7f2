select 1 as stop{{ pace('stop_1') }}
