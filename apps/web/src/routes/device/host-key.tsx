import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Device } from "@netconductor/contracts/devices/model";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Ago } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";

/** By which key the device is known; another one waits here for a person's decision. */
export function HostKeyPanel({ device }: { device: Device }) {
	const api = useApi();
	const queries = useQueryClient();
	const mayTrust = usePermitted()("devices:trust");
	const [asking, ask] = useDisclosure();
	const read = useQuery({
		queryKey: ["device", device.id, "host-key"],
		queryFn: ({ signal }) =>
			api.devices.getHostKey({ params: { id: device.id } }, { signal }).catch((error: unknown) => {
				if (error instanceof ApiProblem && error.problem.code === "host_keys.not_found") return null;
				throw error;
			}),
	});
	const presented = read.data?.presented_fingerprint ?? null;
	const accept = useMutation({
		mutationFn: (fingerprint: string) =>
			api.devices.acceptHostKey({ params: { id: device.id }, body: { fingerprint } }),
		onSuccess: () => {
			toastDone(`The new key of ${device.name} is accepted`);
			void queries.invalidateQueries({ queryKey: ["device", device.id] });
			void queries.invalidateQueries({ queryKey: ["devices"] });
		},
		onError: toastProblem,
		onSettled: ask.close,
	});
	return (
		<Panel title="Host key">
			{read.isPending && <RowsLoading rows={2} />}
			{read.isError && <ProblemAlert error={read.error} onRetry={() => read.refetch()} />}
			{read.data === null && (
				<p className="nc-panel-body nc-dim">The key that the device presents at the first contact will be trusted.</p>
			)}
			{read.data && (
				<div className="nc-panel-body">
					{presented !== null && (
						<Notice tone="bad" icon="key" title="The device presents another key">
							<div>
								Nothing is sent to it until somebody decides. If the device was replaced or its key renewed, compare the
								fingerprint on the device itself, then accept it.
							</div>
							<div className="nc-mono">{visibleLine(`${read.data.presented_algorithm ?? ""} ${presented}`)}</div>
							{mayTrust && (
								<div>
									<Button color="red" onClick={ask.open}>
										Accept this key
									</Button>
								</div>
							)}
						</Notice>
					)}
					<dl className="nc-facts">
						<dt>{presented === null ? "Trusted" : "Accepted so far"}</dt>
						<dd className="nc-mono">
							{visibleLine(read.data.algorithm)} {visibleLine(read.data.fingerprint)}
						</dd>
						<dt>By</dt>
						<dd>
							{visibleLine(read.data.accepted_by)}, <Ago at={read.data.accepted_at} />
						</dd>
					</dl>
				</div>
			)}
			<Confirm
				opened={asking && presented !== null}
				title={`Accept the new key of ${device.name}?`}
				action="Accept this key"
				busy={accept.isPending}
				onConfirm={() => presented !== null && accept.mutate(presented)}
				onClose={ask.close}
			>
				From then on the device is known by <span className="nc-mono nc-break">{visibleLine(presented ?? "")}</span>,
				and its login is sent to whoever holds that key.
			</Confirm>
		</Panel>
	);
}
