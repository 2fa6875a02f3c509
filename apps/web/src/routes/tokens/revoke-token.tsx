import type { ApiToken } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Confirm } from "../../ui/confirm.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";

/** Asks before a token stops working. */
export function RevokeToken({
	token,
	revoke,
	onClose,
}: {
	token: ApiToken | undefined;
	revoke: (token: ApiToken) => Promise<unknown>;
	onClose: () => void;
}) {
	const queries = useQueryClient();
	const remove = useMutation({
		mutationFn: revoke,
		onSuccess: (_, { name }) => {
			toastDone(`${visibleLine(name)} is revoked`);
			void queries.invalidateQueries({ queryKey: ["tokens"] });
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
