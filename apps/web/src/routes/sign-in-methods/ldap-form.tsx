import { Divider, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { LdapConfig, LoginMethodChange, MethodName } from "@netconductor/contracts/auth/login-methods";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { SecretField } from "../../ui/form/secret-field.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { NameField, ProvisionField, TimeoutField } from "./common-fields.tsx";
import { activeDirectoryDefaults, type LdapMethod, ldapDefaults } from "./kinds.ts";
import { RoleFields } from "./role-fields.tsx";
import { aboutMethod, useMethodSaved } from "./use-method-saved.ts";

const Body = z.object({
	name: MethodName,
	provision: z.boolean(),
	secret: LoginMethodChange.options[0].shape.secret,
	...LdapConfig.shape,
});

/** Adds a directory, or changes `method`. Give it another `key` at each opening. */
export function LdapForm({
	method: given,
	activeDirectory = false,
	opened,
	onClose,
}: {
	method?: LdapMethod | undefined;
	/** Whether a new one begins with what Active Directory calls things. */
	activeDirectory?: boolean;
	opened: boolean;
	onClose: () => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [method] = useState(given);
	const api = useApi();
	const saved = useMethodSaved(method === undefined, onClose);
	const config = method?.config ?? (activeDirectory ? activeDirectoryDefaults : ldapDefaults);
	const form = useContractForm({
		initial: {
			...config,
			ca_certificates: config.ca_certificates ?? "",
			bind_dn: config.bind_dn ?? "",
			user_dn_template: config.user_dn_template ?? "",
			group_base: config.group_base ?? "",
			default_role: config.default_role ?? "",
			name: method?.name ?? "",
			provision: method?.provision ?? true,
			secret: undefined as string | null | undefined,
		},
		schema: Body,
		toBody: (values): z.input<typeof Body> => ({
			...values,
			name: values.name.trim(),
			ca_certificates: values.ca_certificates.trim() || null,
			bind_dn: values.bind_dn.trim() || null,
			user_dn_template: values.user_dn_template.trim() || null,
			group_base: values.group_base.trim() || null,
			default_role: values.default_role || null,
		}),
		send: ({ name, provision, secret, ...rest }) => {
			const body = { kind: "ldap", name, provision, config: rest } as const;
			return method === undefined
				? api.auth.createLoginMethod({ body: { ...body, ...(secret != null && { secret }) } })
				: api.auth.updateLoginMethod({ params: { id: method.id }, body: { ...body, secret } });
		},
		within: ["config"],
		about: aboutMethod,
		onDone: saved,
	});
	const values = form.form.getValues();
	const { error: attributesError } = form.field("attributes");
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={
				method === undefined
					? `Add ${activeDirectory ? "an Active Directory" : "an LDAP directory"}`
					: `Edit ${visibleLine(method.name)}`
			}
			action={method === undefined ? "Add, switched off" : "Save"}
			form={form}
		>
			<NameField {...form.field("name")} />
			<TagsInput
				label="Servers"
				description="ldaps://host:port or ldap://host:port, tried in this order"
				withAsterisk
				splitChars={[",", " "]}
				{...form.field("servers")}
			/>
			<Switch
				label="StartTLS"
				description="Encrypts connections that begin as ldap://"
				{...form.field("start_tls", { type: "checkbox" })}
			/>
			<Switch
				label="Allow passwords to go unencrypted"
				description="Only for a directory on the same machine"
				{...form.field("allow_plaintext", { type: "checkbox" })}
			/>
			<Textarea
				label="Certificates that servers are checked against (PEM)"
				description="Empty: those of the system"
				autosize
				minRows={2}
				maxRows={6}
				spellCheck={false}
				{...form.field("ca_certificates")}
			/>
			<Divider label="People" labelPosition="left" mt="xs" />
			<Select
				label="How people are looked up"
				allowDeselect={false}
				data={[
					{ value: "service", label: "By an account that may search" },
					{ value: "direct", label: "Not at all: sign in at once by a pattern" },
				]}
				{...form.field("bind")}
			/>
			{values.bind === "service" ? (
				<>
					<TextInput
						label="Account that looks people up"
						description="Its distinguished name"
						withAsterisk
						autoComplete="off"
						spellCheck={false}
						{...form.field("bind_dn")}
					/>
					<SecretField
						label="Its password"
						stored={method?.has_secret ?? false}
						{...form.field("secret")}
						value={values.secret}
					/>
				</>
			) : (
				<TextInput
					label="What a name becomes"
					description="uid={username},ou=people,dc=example,dc=com or {username}@example.com"
					withAsterisk
					spellCheck={false}
					{...form.field("user_dn_template")}
				/>
			)}
			<TextInput label="Base of people" withAsterisk spellCheck={false} {...form.field("user_base")} />
			<TextInput
				label="Filter of people"
				description="{username} stands for what was typed"
				withAsterisk
				spellCheck={false}
				{...form.field("user_filter")}
			/>
			<TextInput label="Attribute: user name" {...form.field("attributes.username")} />
			<TextInput label="Attribute: name" {...form.field("attributes.display_name")} />
			<TextInput label="Attribute: email" {...form.field("attributes.email")} />
			<TextInput
				label="Attribute that stays when somebody is renamed"
				{...form.field("attributes.id")}
				error={attributesError}
			/>
			<Divider label="Groups and roles" labelPosition="left" mt="xs" />
			<TextInput
				label="Base of groups"
				description="Empty: groups are not looked up"
				spellCheck={false}
				{...form.field("group_base")}
			/>
			<TextInput
				label="Filter of groups"
				description="{user_dn} stands for the distinguished name of the person"
				spellCheck={false}
				{...form.field("group_filter")}
			/>
			<TextInput label="Attribute: group name" {...form.field("group_name")} />
			<Select
				label="Groups in groups"
				allowDeselect={false}
				data={[
					{ value: "no", label: "Do not count" },
					{ value: "follow", label: "Followed one by one" },
					{ value: "active_directory", label: "By Active Directory itself" },
				]}
				{...form.field("nested_groups")}
			/>
			<RoleFields map={form.field("role_map")} fallback={form.field("default_role")} />
			<ProvisionField {...form.field("provision", { type: "checkbox" })} />
			<TimeoutField {...form.field("timeout_ms")} />
		</FormDrawer>
	);
}
