import { Text, TextInput } from "@mantine/core";
import { type User, UserChange } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { RoleField } from "../users/role-field.tsx";

export function EditUser({ user, onClose }: { user: User; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { display_name: user.display_name, email: user.email ?? "", role: user.role },
		schema: UserChange,
		toBody: ({ display_name, email, role }): z.input<typeof UserChange> => ({
			display_name: display_name.trim(),
			email: email.trim() || null,
			// A role that stays is not given anew: who may not give it may change the rest.
			...(role !== user.role && { role }),
		}),
		send: (body) => api.auth.updateUser({ params: { id: user.id }, body }),
		onDone: (changed) => {
			queries.setQueryData(["users", "one", user.id], changed);
			toastDone(`${visibleLine(user.username)} is changed`);
			onClose();
		},
		about: { "roles.not_found": "role", "roles.escalation": "role", "users.last_admin": "role" },
	});
	return (
		<FormDrawer opened onClose={onClose} title={`Edit ${visibleLine(user.username)}`} action="Save" form={form}>
			{user.login_method !== null && (
				<Text size="sm">
					{visibleLine(user.username)} signs in by {visibleLine(user.login_method)}, which says name, email and role
					anew at each sign-in: what is changed here lasts until then.
				</Text>
			)}
			<TextInput label="Name" data-autofocus maxLength={200} autoComplete="off" {...form.field("display_name")} />
			<TextInput label="Email" type="email" autoComplete="off" {...form.field("email")} />
			<RoleField {...form.field("role")} />
		</FormDrawer>
	);
}
