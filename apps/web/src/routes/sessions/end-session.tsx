import type { Session } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Confirm } from "../../ui/confirm.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { programWord } from "./columns.tsx";

/** Asks before somebody is signed out. */
export function EndSession({
	session,
	end,
	onClose,
}: {
	session: Session | undefined;
	end: (session: Session) => Promise<unknown>;
	onClose: () => void;
}) {
	const queries = useQueryClient();
	const remove = useMutation({
		mutationFn: end,
		onSuccess: () => {
			toastDone("The session has ended");
			void queries.invalidateQueries({ queryKey: ["sessions"] });
			onClose();
		},
		onError: toastProblem,
	});
	return (
		<Confirm
			opened={session !== undefined}
			title="End session"
			action="End session"
			busy={remove.isPending}
			onConfirm={() => session !== undefined && remove.mutate(session)}
			onClose={onClose}
		>
			{session !== undefined && programWord(session)} from {visibleLine(session?.network ?? "")} is signed out at once.
			Whoever it is has to sign in again. If it is a stranger, change the password as well.
		</Confirm>
	);
}
