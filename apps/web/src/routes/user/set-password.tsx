import { Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { NewPassword, type User } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { OneTimePasswordField } from "../users/add-user.tsx";
import { oneTimePassword } from "../users/one-time-password.ts";
import { useShortestPassword } from "../users/password-rules.ts";

/** Sets a password that its user changes when they next sign in; one that was made here is shown once. */
export function SetPassword({ user, onClose }: { user: User; onClose: () => void }) {
	const [made, setMade] = useState<string>();
	if (made === undefined) return <PasswordForm user={user} onMade={setMade} onClose={onClose} />;
	const name = visibleLine(user.username);
	return (
		<Drawer opened onClose={onClose} title={`One-time password for ${name}`} position="right" size={520}>
			<Stack gap="md">
				<ShownOnce title="This is the only time the password is shown" label="One-time password" secret={made}>
					<div>Tell it to {name}. It opens nothing but the page on which a password of one's own is chosen.</div>
				</ShownOnce>
				<Group justify="flex-end">
					<Button onClick={onClose}>I have copied it</Button>
				</Group>
			</Stack>
		</Drawer>
	);
}

const Body = z.object({ password: NewPassword });

function PasswordForm({
	user,
	onMade,
	onClose,
}: {
	user: User;
	onMade: (password: string) => void;
	onClose: () => void;
}) {
	const api = useApi();
	const least = useShortestPassword();
	const form = useContractForm({
		initial: { kind: "generated", password: "" },
		schema: Body,
		toBody: ({ kind, password }) => ({ password: kind === "generated" ? oneTimePassword(least) : password }),
		send: async (body) => {
			await api.auth.setUserPassword({ params: { id: user.id }, body });
			return body.password;
		},
		onDone: (password, { kind }) => {
			if (kind === "generated") return onMade(password);
			toastDone(`${visibleLine(user.username)} has a one-time password`);
			onClose();
		},
		about: { "auth.weak_password": "password" },
	});
	return (
		<FormDrawer
			opened
			onClose={onClose}
			title={`One-time password for ${visibleLine(user.username)}`}
			action="Set password"
			form={form}
		>
			<Text size="sm">
				The password that {visibleLine(user.username)} has now stops working, and their sessions end. Their API tokens
				are refused until they have chosen a new password.
			</Text>
			<OneTimePasswordField kind={form.field("kind")} password={form.field("password")} />
		</FormDrawer>
	);
}
