/** Names that procedures of other tools and of older versions have, and what to use in their place. */
export const stepTypeHints: readonly { name: string; hint: string }[] = [
	{ name: "email", hint: "E-mail is not sent yet; use notify (a chat, or ntfy) or webhook." },
	{ name: "mail", hint: "E-mail is not sent yet; use notify (a chat, or ntfy) or webhook." },
	{ name: "sms", hint: "Use webhook or api_call with the address of an SMS gateway." },
	{
		name: "custom",
		hint: "Make a step type of your own (Procedures, Step types): a preset of a built-in one with parameters.",
	},
	{
		name: "script",
		hint: "No programs are run on the server; use run_command on devices, or api_call to have another system do it.",
	},
	{
		name: "shell",
		hint: "No programs are run on the server; use run_command on devices, or api_call to have another system do it.",
	},
	{
		name: "python",
		hint: "No programs are run on the server; use run_command on devices, or api_call to have another system do it.",
	},
	{
		name: "python_script",
		hint: "No programs are run on the server; use run_command on devices, or api_call to have another system do it.",
	},
	{ name: "ansible", hint: "No playbooks are run here; use api_call to have AWX start one." },
	{ name: "ansible_playbook", hint: "No playbooks are run here; use api_call to have AWX start one." },
	{ name: "approval", hint: "Use manual_approval." },
	{
		name: "pause",
		hint: "Use manual_approval for somebody else's word, wait for a time, or `on_failure: ask`; a run can be started step by step too.",
	},
	{ name: "prompt", hint: "Declare a variable without a value: it is asked for when the procedure is started." },
	{
		name: "set_variable",
		hint: "Declare the variable with its value, or write the expression where it is needed.",
	},
	{ name: "if", hint: "Use condition with `then` and `else`, or `when` at the step itself." },
	{ name: "for_each", hint: "Use loop with `items`." },
	{ name: "foreach", hint: "Use loop with `items`." },
	{ name: "repeat", hint: "Use loop with `count`." },
	{ name: "while", hint: "Use loop with `while`." },
	{ name: "deploy_template", hint: "Use deploy_stack, or set_config with the lines." },
	{ name: "deploy", hint: "Use deploy_stack for a service stack, or set_config for lines." },
	{ name: "config", hint: "Use set_config to change the configuration and get_config to read it." },
	{ name: "ping", hint: "Use check_ping." },
	{ name: "bgp_check", hint: "Use check_bgp." },
	{ name: "ospf_check", hint: "Use check_ospf." },
	{ name: "interface_check", hint: "Use check_interfaces." },
	{ name: "reboot", hint: "Use run_command with the platform's own command." },
];
