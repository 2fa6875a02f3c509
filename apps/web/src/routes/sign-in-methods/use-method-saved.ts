import type { LoginMethod } from "@netconductor/contracts/auth/login-methods";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { toastDone } from "../../ui/toast.tsx";

/** Beside which field an error of a way to sign in stands that names none. */
export const aboutMethod = {
	"login_methods.name_taken": "name",
	"roles.not_found": "role_map",
	"roles.escalation": "role_map",
} as const;

/** What follows when a form saved a way to sign in. */
export function useMethodSaved(added: boolean, onClose: () => void): (method: LoginMethod) => void {
	const queries = useQueryClient();
	return ({ name }) => {
		void queries.invalidateQueries({ queryKey: ["login_methods"] });
		toastDone(
			added
				? `${visibleLine(name)} is added, switched off: test it, then switch it on`
				: `${visibleLine(name)} is changed`,
		);
		onClose();
	};
}
