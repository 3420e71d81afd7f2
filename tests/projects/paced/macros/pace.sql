{#- Columns that do what the run's vars `wait` ({model: seconds}) and `broken` ([model]) say of this model. -#}
{% macro pace(name) -%}
    {%- if name in var("broken", []) %}, no_such_column{% endif -%}
    {%- if name in var("wait", {}) %}, (select system$wait({{ var("wait")[name] }})) as waited{% endif -%}
{%- endmacro %}
