import { Button, Text } from "@mantine/core";
import type { KeyState } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";

/** Keys that seal stored secrets, one for each service, and their replacement. */
export function Keys() {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const [asking, setAsking] = useState(false);
	const [rotation, setRotation] = useState<string>();
	const {
		data: keys,
		error,
		refetch,
	} = useQuery({
		queryKey: ["keys"],
		queryFn: ({ signal }) => api.auth.listKeys({}, { signal }),
	});
	const rotate = useMutation({
		mutationFn: () => api.auth.rotateKeys({}),
		onSuccess: ({ rotation_id }) => {
			setRotation(rotation_id);
			setAsking(false);
			toastDone("The keys are being rotated");
			void queries.invalidateQueries({ queryKey: ["keys"] });
		},
		onError: toastProblem,
	});
	const done = keys?.filter(({ rotation_id }) => rotation_id === rotation).length ?? 0;
	return (
		<Panel
			title="Encryption keys"
			actions={
				permitted("keys:rotate") && (
					<Button variant="default" onClick={() => setAsking(true)}>
						Rotate the keys
					</Button>
				)
			}
		>
			<div className="nc-panel-body">
				<Text size="sm" c="dimmed">
					Passwords, keys and configurations are sealed before they are stored. Each service that keeps some has a key
					of its own, under the master key of this installation.
				</Text>
			</div>
			{error !== null && <ProblemAlert error={error} onRetry={() => void refetch()} />}
			{keys === undefined && error === null && <RowsLoading rows={3} />}
			{keys?.length === 0 && (
				<p className="nc-panel-body nc-dim">
					{rotation === undefined ? "The keys of the first start are in use; none was rotated yet." : "Rotating…"}
				</p>
			)}
			{rotation !== undefined && keys !== undefined && keys.length > 0 && (
				<div className="nc-panel-body" aria-live="polite">
					{done < keys.length ? (
						<State tone="busy" icon="running" word={`Rotating: ${done} of ${count(keys.length, "service")} done`} />
					) : (
						<State tone="good" icon="ok" word="All keys are rotated" />
					)}
				</div>
			)}
			{keys !== undefined && keys.length > 0 && <KeyTable keys={keys} rotation={rotation} />}
			<Confirm
				opened={asking}
				title="Rotate the keys"
				action="Rotate the keys"
				busy={rotate.isPending}
				onConfirm={() => rotate.mutate()}
				onClose={() => setAsking(false)}
			>
				Every service gets a new key and seals anew what it keeps, in the background while everything goes on working.
				The key that signs sessions is replaced too; nobody is signed out. Take a backup of the database and its master
				key afterwards: older ones hold the older keys.
			</Confirm>
		</Panel>
	);
}

function KeyTable({ keys, rotation }: { keys: readonly KeyState[]; rotation: string | undefined }) {
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<th scope="col">Service</th>
						<th scope="col">Key</th>
						<th scope="col">Rotated</th>
						<th scope="col" className="nc-number">
							Sealed anew
						</th>
						{rotation !== undefined && <th scope="col">State</th>}
					</tr>
				</thead>
				<tbody>
					{keys.map(({ service, current_key_id, rotation_id, rotated_at, resealed }) => (
						<tr key={service}>
							<th scope="row" style={{ fontWeight: 550 }}>
								{visibleLine(service)}
							</th>
							<td className="nc-mono nc-break">{visibleLine(current_key_id)}</td>
							<td>
								<Ago at={rotated_at} />
							</td>
							<td className="nc-number">{count(resealed, "value")}</td>
							{rotation !== undefined && (
								<td>
									{rotation_id === rotation ? (
										<State tone="good" icon="ok" word="Done" />
									) : (
										<State tone="busy" icon="running" word="Working" />
									)}
								</td>
							)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
