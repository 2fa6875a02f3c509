import { Button, Code, Drawer, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { type CreatedApiToken, NewApiToken } from "@netconductor/contracts/auth/model";
import type { Permission } from "@netconductor/contracts/auth/permissions";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi, useMe } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { PermissionChoice } from "../../ui/permissions/permission-choice.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { Moment } from "../../ui/time.tsx";
import { lifetimes } from "./lifetimes.ts";

type Created = z.infer<typeof CreatedApiToken>;

/** Makes a token, then shows it: the only time that it can be seen. */
export function MakeToken({ onClose }: { onClose: () => void }) {
	const [made, setMade] = useState<Created>();
	return made === undefined ? (
		<TokenForm onMade={setMade} onClose={onClose} />
	) : (
		<TokenMade {...made} onClose={onClose} />
	);
}

function TokenForm({ onMade, onClose }: { onMade: (made: Created) => void; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const { permissions } = useMe();
	const form = useContractForm({
		initial: { name: "", expires_in_days: "90", permissions: [] as Permission[] },
		schema: NewApiToken,
		toBody: ({ name, expires_in_days, permissions: chosen }): z.input<typeof NewApiToken> => ({
			name: name.trim(),
			expires_in_days: Number(expires_in_days),
			permissions: chosen,
		}),
		send: (body) => api.auth.createToken({ body }),
		onDone: (made) => {
			void queries.invalidateQueries({ queryKey: ["tokens"] });
			onMade(made);
		},
	});
	const { value, onChange, error } = form.field("permissions");
	return (
		<FormDrawer opened onClose={onClose} title="Make an API token" action="Make token" form={form}>
			<TextInput
				label="Name"
				description="What uses it, so that you recognise it later"
				placeholder="nightly report"
				withAsterisk
				data-autofocus
				maxLength={100}
				{...form.field("name")}
			/>
			<Select label="Works for" allowDeselect={false} data={lifetimes} {...form.field("expires_in_days")} />
			<PermissionChoice
				label="It may"
				description="Only what you may yourself, and never more than you may when it is used"
				held={permissions}
				value={value}
				onChange={onChange}
				error={error === undefined || value.length > 0 ? error : "Choose at least one"}
			/>
		</FormDrawer>
	);
}

function TokenMade({ token, api_token, onClose }: Created & { onClose: () => void }) {
	const path = isPermitted(api_token, "devices:read") ? "/api/devices" : "/api/auth/me";
	const example = `curl -H "Authorization: Bearer ${token}" \\\n  ${window.location.origin}${path}`;
	return (
		<Drawer opened onClose={onClose} title={`API token ${visibleLine(api_token.name)}`} position="right" size={520}>
			<Stack gap="md">
				<ShownOnce title="This is the only time the token is shown" label="API token" secret={token}>
					<div>Keep it where secrets are kept: who has it may do what it permits.</div>
				</ShownOnce>
				<div>
					<Group justify="space-between" mb={4}>
						<Text size="sm" fw={500}>
							Try it
						</Text>
						<CopyButton text={example} label="Copy command" />
					</Group>
					<Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
						{example}
					</Code>
				</div>
				{api_token.expires_at !== null && (
					<Text size="sm" c="dimmed">
						It works until <Moment at={api_token.expires_at} />.
					</Text>
				)}
				<Group justify="flex-end">
					<Button onClick={onClose}>I have copied it</Button>
				</Group>
			</Stack>
		</Drawer>
	);
}
