import { Button, Switch, Text, TextInput } from "@mantine/core";
import { type Credential, CredentialChange, NewCredential } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { SecretField } from "../../ui/form/secret-field.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { CredentialUses } from "./credential-uses.tsx";

/** Undefined leaves a secret as it is, null removes it. */
type Secret = string | null | undefined;

const errorsAbout = {
	"credentials.name_taken": "name",
	"credentials.bad_key": "private_key",
	"credentials.incomplete": "password",
} as const;

export function AddCredential({ onClose }: { onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: {
			name: "",
			username: "",
			password: "" as Secret,
			private_key: undefined as Secret,
			passphrase: undefined as Secret,
			enable_password: undefined as Secret,
			is_default: false,
		},
		schema: NewCredential,
		toBody: (values): z.input<typeof NewCredential> => ({
			name: values.name.trim(),
			username: values.username.trim(),
			password: values.password || undefined,
			private_key: values.private_key || undefined,
			passphrase: values.passphrase || undefined,
			enable_password: values.enable_password || undefined,
			is_default: values.is_default,
		}),
		send: (body) => api.devices.createCredential({ body }),
		onDone: ({ name }) => {
			void queries.invalidateQueries({ queryKey: ["credentials"] });
			toastDone(`The credential ${visibleLine(name)} is added`);
			onClose();
		},
		about: errorsAbout,
	});
	const { values, setFieldValue } = form.form;
	const secret = (name: "password" | "private_key" | "passphrase" | "enable_password") => ({
		value: values[name],
		error: form.field(name).error,
		stored: false,
		onChange: (value: Secret) => setFieldValue(name, value),
	});
	return (
		<FormDrawer opened onClose={onClose} title="Add a credential" action="Add credential" form={form}>
			<TextInput
				label="Name"
				description="How people know it: datacentre switches"
				withAsterisk
				data-autofocus
				maxLength={100}
				autoComplete="off"
				{...form.field("name")}
			/>
			<TextInput
				label="User name"
				description="What NetConductor logs in with"
				withAsterisk
				maxLength={200}
				autoComplete="off"
				{...form.field("username")}
			/>
			<SecretField label="Password" {...secret("password")} />
			<SecretField
				label="Private key"
				description="OpenSSH or PEM. With a password, too, the key is tried first."
				lines
				{...secret("private_key")}
			/>
			{values.private_key !== undefined && <SecretField label="Passphrase of the key" {...secret("passphrase")} />}
			<SecretField
				label="Enable secret"
				description="For privileged mode, where devices ask for one"
				{...secret("enable_password")}
			/>
			<Switch
				label="Default credential"
				description="Devices use it where neither they nor a group name one. Only one can be the default."
				{...form.field("is_default", { type: "checkbox" })}
			/>
		</FormDrawer>
	);
}

export function EditCredential({ credential, onClose }: { credential: Credential; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const [deleting, setDeleting] = useState(false);
	const own = credential.device_id !== null;
	const name = visibleLine(credential.name);
	const form = useContractForm({
		initial: {
			name: credential.name,
			username: credential.username,
			password: undefined as Secret,
			private_key: undefined as Secret,
			passphrase: undefined as Secret,
			enable_password: undefined as Secret,
			is_default: credential.is_default,
		},
		schema: CredentialChange,
		toBody: ({ name: given, username, is_default, ...secrets }): z.input<typeof CredentialChange> => ({
			...secrets,
			username: username.trim(),
			// Those of one device alone have neither a name of their own nor a use elsewhere.
			...(!own && { name: given.trim(), is_default }),
		}),
		send: (body) => api.devices.updateCredential({ params: { id: credential.id }, body }),
		onDone: () => {
			void queries.invalidateQueries({ queryKey: ["credentials"] });
			toastDone(`The credential ${name} is changed`);
			onClose();
		},
		about: errorsAbout,
	});
	const remove = useMutation({
		mutationFn: () => api.devices.deleteCredential({ params: { id: credential.id } }),
		onSuccess: () => {
			void queries.invalidateQueries({ queryKey: ["credentials"] });
			toastDone(`The credential ${name} is deleted`);
			onClose();
		},
		onError: toastProblem,
	});
	const { values, setFieldValue } = form.form;
	const secret = (field: "password" | "private_key" | "passphrase" | "enable_password") => ({
		value: values[field],
		error: form.field(field).error,
		stored: credential[`has_${field}`],
		onChange: (value: Secret) => setFieldValue(field, value),
	});
	const hasKey = values.private_key === undefined ? credential.has_private_key : values.private_key !== null;
	return (
		<>
			<FormDrawer
				opened={!deleting}
				onClose={onClose}
				title={`Credential ${name}`}
				action="Save"
				form={form}
				beside={
					!own && (
						<Button
							variant="subtle"
							color="red"
							disabled={credential.used_by > 0}
							title={credential.used_by > 0 ? "It is in use" : undefined}
							onClick={() => setDeleting(true)}
						>
							Delete
						</Button>
					)
				}
			>
				{!own && (
					<TextInput
						label="Name"
						withAsterisk
						data-autofocus
						maxLength={100}
						autoComplete="off"
						{...form.field("name")}
					/>
				)}
				<TextInput label="User name" withAsterisk maxLength={200} autoComplete="off" {...form.field("username")} />
				<SecretField label="Password" {...secret("password")} />
				<SecretField label="Private key" description="OpenSSH or PEM" lines {...secret("private_key")} />
				{(hasKey || credential.has_passphrase) && (
					<SecretField label="Passphrase of the key" {...secret("passphrase")} />
				)}
				<SecretField
					label="Enable secret"
					description="For privileged mode, where devices ask for one"
					{...secret("enable_password")}
				/>
				{!own && (
					<Switch
						label="Default credential"
						description="Devices use it where neither they nor a group name one. Only one can be the default."
						{...form.field("is_default", { type: "checkbox" })}
					/>
				)}
				<Text size="xs" c="dimmed">
					Secrets can be replaced and removed here, but nobody can read them.
				</Text>
				<CredentialUses credential={credential} />
			</FormDrawer>
			<Confirm
				opened={deleting}
				title={`Delete the credential ${name}`}
				action="Delete credential"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={() => setDeleting(false)}
			>
				Nothing uses it. Its secrets are gone for good.
			</Confirm>
		</>
	);
}
