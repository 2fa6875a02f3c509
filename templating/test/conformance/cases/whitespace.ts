import { type Case, casesOf } from "../case.ts";

const sources = [
	"a\n{% if true %}\nb\n{% endif %}\nc\n",
	"  {% if true %}\n    b\n  {% endif %}\n  c\n",
	"a {% if true %} b {% endif %} c\n",
	"a\n  {%- if true -%}  \n b \n  {%- endif -%} \n c",
	"a\n  {%+ if true %}\nb\n  {%+ endif +%}\nc",
	"a\n{% if true +%}\nb\n{% endif +%}\nc",
	"{% for i in [1, 2] %}\n  {{ i }}\n{% endfor %}\n",
	"{% for i in [1, 2] -%}\n  {{ i }}\n{%- endfor %}\nend\n",
	"  {{ 1 }}\n  {{- 2 -}}\n  {{ 3 }}\n",
	"  {# comment #}\na\n  {# c #} b\n{#- c -#}\n d\n",
	"x {# c #}\ny",
	"  {# c +#}\n  {#+ c #}\n",
	"\n\n{% set x = 1 %}\n\n{{ x }}\n\n",
	"{% raw %}\n  {{ x }}\n{% endraw %}\nz",
	"  {% raw %} a {% endraw %}  \n  b",
	"a\n  {% raw -%}\n b\n {%- endraw +%}\nc",
	"text\n\t{% if true %}\n\ttab\n\t{% endif %}\n",
	"{% if true %}{% if true %}\nx\n{% endif %}{% endif %}\n",
	"  a {% if true %}\n  b{% endif %}\n",
	"line\r\n{% if true %}\r\nwin\r\n{% endif %}\r\nend\r\n",
	"trailing\n\n",
	"no newline",
	"\n",
	"",
	"{{ 'x' }}\n",
	"{%- set a = 1 -%}\n\n\n{{ a }}   {%- set b = 2 %}   {{ b }}",
	"{% macro m() %}\n  in\n{% endmacro %}\n[{{ m() }}]\n",
	"   {% block a %}\n   x\n   {% endblock %}\n",
	"{{ 1 }}{% if true %}\n{{ 2 }}\n{% endif %}{{ 3 }}",
	"interface x\n {% if true %} shutdown {% endif %}\n!\n",
];

const combinations = [
	{ trim_blocks: true, lstrip_blocks: true, keep_trailing_newline: true },
	{ trim_blocks: false, lstrip_blocks: false, keep_trailing_newline: false },
	{ trim_blocks: true, lstrip_blocks: false, keep_trailing_newline: true },
	{ trim_blocks: false, lstrip_blocks: true, keep_trailing_newline: false },
];

/** Every source with every combination of settings that may treat it apart. */
export const whitespace: Case[] = casesOf(
	sources.flatMap((template) => combinations.map((settings) => ({ template, settings }))),
);
