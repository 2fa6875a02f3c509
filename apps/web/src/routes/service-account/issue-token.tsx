import { Button, Drawer, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import {
	type CreatedServiceAccountToken,
	NewServiceAccountToken,
	RotateServiceAccountToken,
	type ServiceAccount,
	type ServiceAccountToken,
} from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { PermissionChoice } from "../../ui/permissions/permission-choice.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { Moment } from "../../ui/time.tsx";
import { lifetimes } from "../tokens/lifetimes.ts";
import { useRoles } from "../users/use-roles.ts";

/** Makes a token for an account, or a new secret for one it has; then shows it, the only time that it can be seen. */
export function IssueToken({
	account,
	token,
	onClose,
}: {
	account: ServiceAccount;
	/** The one that is rotated; undefined: a new one. */
	token: ServiceAccountToken | undefined;
	onClose: () => void;
}) {
	const queries = useQueryClient();
	const [made, setMade] = useState<CreatedServiceAccountToken>();
	const done = (created: CreatedServiceAccountToken) => {
		void queries.invalidateQueries({ queryKey: ["service_accounts"] });
		setMade(created);
	};
	if (made !== undefined) return <Issued {...made} onClose={onClose} />;
	return token === undefined ? (
		<NewTokenForm account={account} onMade={done} onClose={onClose} />
	) : (
		<RotateForm token={token} onMade={done} onClose={onClose} />
	);
}

interface FormProps {
	onMade: (made: CreatedServiceAccountToken) => void;
	onClose: () => void;
}

function NewTokenForm({ account, onMade, onClose }: FormProps & { account: ServiceAccount }) {
	const api = useApi();
	const { roles } = useRoles();
	const role = roles.find(({ name }) => name === account.role);
	const form = useContractForm({
		initial: { name: "", expires_in_days: "90", permissions: [] as string[] },
		schema: NewServiceAccountToken,
		toBody: ({ name, expires_in_days, permissions }): z.input<typeof NewServiceAccountToken> => ({
			name: name.trim(),
			expires_in_days: Number(expires_in_days),
			...(permissions.length > 0 && { permissions }),
		}),
		send: (body) => api.auth.createServiceAccountToken({ params: { id: account.id }, body }),
		onDone: onMade,
		about: { "service_accounts.beyond_role": "permissions" },
	});
	const { value, onChange, error } = form.field("permissions");
	return (
		<FormDrawer
			opened
			onClose={onClose}
			title={`Make an API token for ${visibleLine(account.name)}`}
			action="Make token"
			form={form}
		>
			<TextInput
				label="Name"
				description="Where it is used, so that you recognise it later"
				placeholder="pipeline"
				withAsterisk
				data-autofocus
				maxLength={100}
				{...form.field("name")}
			/>
			<Select label="Works for" allowDeselect={false} data={lifetimes} {...form.field("expires_in_days")} />
			{role !== undefined && (
				<PermissionChoice
					label="It may"
					description="With nothing chosen all that its role grants now; never more than the role grants when it is used"
					all="All that its role grants"
					held={role.permissions}
					value={value}
					onChange={onChange}
					error={error}
				/>
			)}
		</FormDrawer>
	);
}

function RotateForm({ token, onMade, onClose }: FormProps & { token: ServiceAccountToken }) {
	const api = useApi();
	const form = useContractForm({
		initial: { overlap_hours: "24", expires_in_days: "90" },
		schema: RotateServiceAccountToken,
		toBody: ({ overlap_hours, expires_in_days }): z.input<typeof RotateServiceAccountToken> => ({
			overlap_hours: Number(overlap_hours),
			expires_in_days: Number(expires_in_days),
		}),
		send: (body) =>
			api.auth.rotateServiceAccountToken({
				params: { id: token.service_account_id, token_id: token.id },
				body,
			}),
		onDone: onMade,
	});
	return (
		<FormDrawer
			opened
			onClose={onClose}
			title={`Rotate ${visibleLine(token.name)}`}
			action="Make new secret"
			form={form}
		>
			<Text size="sm">
				The token gets a new secret. The old one, {visibleLine(token.prefix)}…, goes on for a while, so that programs
				can be given the new one.
				{token.replaced !== null && ` The one before, ${visibleLine(token.replaced.prefix)}…, ends at once.`}
			</Text>
			<Select
				label="The old secret goes on for"
				allowDeselect={false}
				data={[
					{ value: "0", label: "It ends at once" },
					{ value: "1", label: "1 hour" },
					{ value: "24", label: "24 hours" },
					{ value: "72", label: "3 days" },
					{ value: "168", label: "7 days" },
				]}
				{...form.field("overlap_hours")}
			/>
			<Select
				label="The new secret works for"
				allowDeselect={false}
				data={lifetimes}
				{...form.field("expires_in_days")}
			/>
		</FormDrawer>
	);
}

function Issued({ token, api_token, onClose }: CreatedServiceAccountToken & { onClose: () => void }) {
	return (
		<Drawer opened onClose={onClose} title={`API token ${visibleLine(api_token.name)}`} position="right" size={520}>
			<Stack gap="md">
				<ShownOnce title="This is the only time the token is shown" label="API token" secret={token}>
					<div>Keep it where secrets are kept: who has it may do what it permits.</div>
				</ShownOnce>
				<Text size="sm" c="dimmed">
					It works until <Moment at={api_token.expires_at} />.
				</Text>
				<Text size="sm" c="dimmed">
					You saw it, so you cannot approve what the service account asks for.
				</Text>
				<Group justify="flex-end">
					<Button onClick={onClose}>I have copied it</Button>
				</Group>
			</Stack>
		</Drawer>
	);
}
