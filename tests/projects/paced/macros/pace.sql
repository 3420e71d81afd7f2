{#- Columns that do what the run's vars `wait` ({model: seconds}) and `locked` ([model]) say of this model: a locked one fails, as when
    too many statements wait for its table, which may pass. -#}
{% macro pace(name) -%}
    {%- if execute and name in var("locked", []) -%}
        {{ exceptions.raise_compiler_error("000625 (57014): the number of waiters for this lock exceeds the limit") }}
    {%- endif -%}
    {%- if name in var("wait", {}) %}, (select system$wait({{ var("wait")[name] }})) as waited{% endif -%}
{%- endmacro %}
