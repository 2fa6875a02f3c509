import { Button } from "@mantine/core";
import type { User } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Moment } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";

/** Whether a local user has a second factor, and the way to take it from who lost theirs. */
export function SecondFactorFact({ user }: { user: User }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const [asking, setAsking] = useState(false);
	const name = visibleLine(user.username);
	const queryKey = ["users", "second-factors", user.id];
	const { data, isError } = useQuery({
		queryKey,
		queryFn: ({ signal }) => api.auth.listUserSecondFactors({ params: { id: user.id } }, { signal }),
	});
	const remove = useMutation({
		mutationFn: () => api.auth.removeUserSecondFactors({ params: { id: user.id } }),
		onSuccess: async () => {
			await queries.invalidateQueries({ queryKey });
			setAsking(false);
			toastDone(`${name} signs in with the password alone now`);
		},
		onError: toastProblem,
	});
	const factor = data?.factors[0];
	const passkeys = data?.passkeys ?? [];
	return (
		<>
			<dt>Second factor</dt>
			<dd>
				{factor !== undefined || passkeys.length > 0 ? (
					<>
						{factor !== undefined && (
							<>
								codes of an app since <Moment at={factor.created_at} />
							</>
						)}
						{factor !== undefined && passkeys.length > 0 && ", "}
						{passkeys.length > 0 && (passkeys.length === 1 ? "1 passkey" : `${passkeys.length} passkeys`)}
						{permitted("users:write") && (
							<Button variant="subtle" color="red" size="compact-xs" ml="xs" onClick={() => setAsking(true)}>
								Remove
							</Button>
						)}
					</>
				) : (
					<span className="nc-dim">{isError ? "not known" : data === undefined ? "…" : "none"}</span>
				)}
				<Confirm
					opened={asking}
					title={`Remove the second factors of ${name}`}
					action="Remove"
					busy={remove.isPending}
					onConfirm={() => remove.mutate()}
					onClose={() => setAsking(false)}
				>
					For who lost their phone, passkeys and recovery codes: all of them go. From now on the password of {name} is
					enough, and their sessions end. Make sure that it is they who ask.
				</Confirm>
			</dd>
		</>
	);
}
