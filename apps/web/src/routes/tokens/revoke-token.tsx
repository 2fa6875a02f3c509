import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Confirm } from "../../ui/confirm.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";

/** Asks before a token stops working. */
export function RevokeToken<T extends { id: string; name: string; prefix: string }>({
	token,
	kind = "tokens",
	revoke,
	onClose,
}: {
	token: T | undefined;
	/** What it belongs to, to be read again. */
	kind?: "tokens" | "service_accounts";
	revoke: (token: T) => Promise<unknown>;
	onClose: () => void;
}) {
	const queries = useQueryClient();
	const remove = useMutation({
		mutationFn: revoke,
		onSuccess: (_, { name }) => {
			toastDone(`${visibleLine(name)} is revoked`);
			void queries.invalidateQueries({ queryKey: [kind] });
			onClose();
		},
		onError: toastProblem,
	});
	return (
		<Confirm
			opened={token !== undefined}
			title={`Revoke ${visibleLine(token?.name ?? "")}`}
			action="Revoke token"
			busy={remove.isPending}
			onConfirm={() => token !== undefined && remove.mutate(token)}
			onClose={onClose}
		>
			Whatever uses the token {visibleLine(token?.prefix ?? "")}… is refused at once. It cannot be brought back; make a
			new one instead.
		</Confirm>
	);
}
