select
    station,
    {% if var('unit') == 'fahrenheit' %}{{ units.fahrenheit('celsius') }}{% else %}celsius{% endif %} as temperature
from {{ ref('readings') }}
where celsius >= {{ env_var('COLDEST') | int }}
