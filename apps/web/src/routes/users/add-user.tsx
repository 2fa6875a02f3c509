import { Button, Drawer, Group, PasswordInput, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { NewUser, type User } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { ButtonLink } from "../../ui/link.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { oneTimePassword } from "./one-time-password.ts";
import { useShortestPassword } from "./password-rules.ts";
import { RoleField } from "./role-field.tsx";

interface Added {
	user: User;
	/** Undefined where it was typed: then it is known already. */
	password: string | undefined;
}

/** Adds a user with a password that they change when they first sign in. */
export function AddUser({ onClose }: { onClose: () => void }) {
	const [added, setAdded] = useState<Added>();
	function done(user: User, password: string | undefined) {
		if (password !== undefined) return setAdded({ user, password });
		toastDone(`${visibleLine(user.username)} is added`);
		onClose();
	}
	if (added?.password === undefined) return <UserForm onAdded={done} onClose={onClose} />;
	const name = visibleLine(added.user.username);
	return (
		<Drawer opened onClose={onClose} title={`${name} is added`} position="right" size={520}>
			<Stack gap="md">
				<ShownOnce
					title="This is the only time the password is shown"
					label="One-time password"
					secret={added.password}
				>
					<div>Tell it to {name}. It opens nothing but the page on which a password of one's own is chosen.</div>
				</ShownOnce>
				<Group justify="flex-end">
					<ButtonLink variant="default" to="/users/$id" params={{ id: added.user.id }}>
						Open the user
					</ButtonLink>
					<Button onClick={onClose}>I have copied it</Button>
				</Group>
			</Stack>
		</Drawer>
	);
}

function UserForm({
	onAdded,
	onClose,
}: {
	onAdded: (user: User, password: string | undefined) => void;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const least = useShortestPassword();
	const form = useContractForm({
		initial: { username: "", display_name: "", email: "", role: "", kind: "generated", password: "" },
		schema: NewUser,
		toBody: ({ username, display_name, email, role, kind, password }): z.input<typeof NewUser> => ({
			username: username.trim(),
			display_name: display_name.trim(),
			email: email.trim() || null,
			role,
			password: kind === "generated" ? oneTimePassword(least) : password,
		}),
		send: async (body) => ({ user: await api.auth.createUser({ body }), password: body.password }),
		onDone: ({ user, password }, { kind }) => {
			void queries.invalidateQueries({ queryKey: ["users"] });
			onAdded(user, kind === "generated" ? password : undefined);
		},
		about: { "users.name_taken": "username", "auth.weak_password": "password", "roles.not_found": "role" },
	});
	return (
		<FormDrawer opened onClose={onClose} title="Add a user" action="Add user" form={form}>
			<TextInput
				label="User name"
				description="What they sign in with; it cannot be changed later"
				withAsterisk
				data-autofocus
				autoComplete="off"
				maxLength={64}
				{...form.field("username")}
			/>
			<TextInput label="Name" autoComplete="off" maxLength={200} {...form.field("display_name")} />
			<TextInput label="Email" type="email" autoComplete="off" {...form.field("email")} />
			<RoleField {...form.field("role")} />
			<OneTimePasswordField kind={form.field("kind")} password={form.field("password")} />
		</FormDrawer>
	);
}

interface Field {
	value?: string;
	error?: ReactNode;
	onChange: (value: string) => void;
}

/** A one-time password: made by the page, or typed. */
export function OneTimePasswordField({ kind, password }: { kind: Field; password: Field }) {
	return (
		<div>
			<Text component="span" size="sm" fw={500} id="password-kind">
				One-time password
			</Text>
			<SegmentedControl
				fullWidth
				size="xs"
				mt={4}
				aria-labelledby="password-kind"
				value={kind.value}
				onChange={kind.onChange}
				data={[
					{ value: "generated", label: "Generate one" },
					{ value: "typed", label: "Type one" },
				]}
			/>
			{kind.value === "typed" ? (
				<PasswordInput
					mt="xs"
					aria-label="One-time password"
					autoComplete="new-password"
					{...password}
					onChange={({ currentTarget }) => password.onChange(currentTarget.value)}
				/>
			) : (
				<Text size="xs" c={password.error === undefined ? "dimmed" : "red"} mt={4}>
					{password.error ?? "It is shown once, after this form."}
				</Text>
			)}
			<Text size="xs" c="dimmed" mt={4}>
				It must be changed at the first sign-in.
			</Text>
		</div>
	);
}
