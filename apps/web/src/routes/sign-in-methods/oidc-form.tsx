import { Divider, NumberInput, Switch, TagsInput, TextInput } from "@mantine/core";
import { LoginMethodChange, MethodName, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { callbackPath } from "../../api/single-sign-on.ts";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { SecretField } from "../../ui/form/secret-field.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { NameField, ProvisionField, TimeoutField } from "./common-fields.tsx";
import type { OidcMethod } from "./kinds.ts";
import { RoleFields } from "./role-fields.tsx";
import { aboutMethod, useMethodSaved } from "./use-method-saved.ts";

const Body = z.object({
	name: MethodName,
	provision: z.boolean(),
	secret: LoginMethodChange.options[1].shape.secret,
	...OidcConfig.shape,
});

/** Adds an identity provider, or changes `method`. Give it another `key` at each opening. */
export function OidcForm({
	method: given,
	opened,
	onClose,
}: {
	method?: OidcMethod | undefined;
	opened: boolean;
	onClose: () => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [method] = useState(given);
	const api = useApi();
	const saved = useMethodSaved(method === undefined, onClose);
	const config = method?.config ?? newProvider();
	const form = useContractForm({
		initial: {
			...config,
			default_role: config.default_role ?? "",
			name: method?.name ?? "",
			provision: method?.provision ?? true,
			secret: undefined as string | null | undefined,
		},
		schema: Body,
		toBody: (values): z.input<typeof Body> => ({
			...values,
			name: values.name.trim(),
			issuer: values.issuer.trim(),
			client_id: values.client_id.trim(),
			redirect_uri: values.redirect_uri.trim(),
			default_role: values.default_role || null,
		}),
		send: ({ name, provision, secret, ...rest }) => {
			const body = { kind: "oidc", name, provision, config: rest } as const;
			return method === undefined
				? api.auth.createLoginMethod({ body: { ...body, ...(secret != null && { secret }) } })
				: api.auth.updateLoginMethod({ params: { id: method.id }, body: { ...body, secret } });
		},
		within: ["config"],
		about: aboutMethod,
		onDone: saved,
	});
	const { error: claimsError } = form.field("claims");
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={method === undefined ? "Add an identity provider" : `Edit ${visibleLine(method.name)}`}
			action={method === undefined ? "Add, switched off" : "Save"}
			form={form}
		>
			<NameField {...form.field("name")} />
			<TextInput label="Button on the sign-in page" withAsterisk maxLength={60} {...form.field("button")} />
			<TextInput
				label="Issuer"
				description="As the provider's discovery document says, to the letter"
				placeholder="https://login.example.com/realms/network"
				withAsterisk
				spellCheck={false}
				{...form.field("issuer")}
			/>
			<Switch
				label="Allow addresses without TLS"
				description="Only for a provider on the same machine"
				{...form.field("allow_plaintext", { type: "checkbox" })}
			/>
			<TextInput
				label="Address to come back to"
				description="Register exactly this one at the provider, and for sign-outs there (back-channel logout) the same with /api/auth/oidc/NAME/back-channel-logout at its end in place of /sign-in/callback"
				withAsterisk
				spellCheck={false}
				{...form.field("redirect_uri")}
			/>
			<TextInput label="Client id" withAsterisk autoComplete="off" spellCheck={false} {...form.field("client_id")} />
			<SecretField
				label="Client secret"
				description="None for a public client"
				stored={method?.has_secret ?? false}
				{...form.field("secret")}
				value={form.form.getValues().secret}
			/>
			<TagsInput
				label="Scopes"
				description="offline_access lets the provider be asked later whether somebody is still there"
				splitChars={[",", " "]}
				{...form.field("scopes")}
			/>
			<Divider label="People" labelPosition="left" mt="xs" />
			<TextInput label="Claim: user name" {...form.field("claims.username")} />
			<TextInput label="Claim: name" {...form.field("claims.display_name")} />
			<TextInput label="Claim: email" {...form.field("claims.email")} />
			<Switch
				label="Take addresses that the provider has not verified"
				{...form.field("allow_unverified_email", { type: "checkbox" })}
			/>
			<Divider label="Groups and roles" labelPosition="left" mt="xs" />
			<TextInput
				label="Claim: groups"
				description="A list of names; dots lead into objects: realm_access.roles"
				{...form.field("claims.groups")}
				error={claimsError}
			/>
			<RoleFields map={form.field("role_map")} fallback={form.field("default_role")} />
			<ProvisionField {...form.field("provision", { type: "checkbox" })} />
			<NumberInput
				label="How far the provider's clock may be off"
				suffix=" s"
				min={0}
				max={300}
				allowDecimal={false}
				{...form.field("clock_skew_s")}
			/>
			<TimeoutField {...form.field("timeout_ms")} />
		</FormDrawer>
	);
}

function newProvider(): OidcConfig {
	const redirect_uri = `${window.location.origin}${callbackPath}`;
	return {
		...OidcConfig.parse({ issuer: redirect_uri, client_id: "placeholder", redirect_uri }),
		issuer: "",
		client_id: "",
	};
}
