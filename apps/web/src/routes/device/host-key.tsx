import { Button, Group } from "@mantine/core";
import type { Device, HostKey } from "@netconductor/contracts/devices/model";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import style from "./host-key.module.css";

type Decision = "accept" | "reject" | "forget";

const decisions = {
	accept: { action: "Accept this key", title: "Accept the new key of", done: "The new key is accepted:" },
	reject: { action: "Reject this key", title: "Reject the new key of", done: "The new key is rejected:" },
	forget: { action: "Forget the key", title: "Forget the key of", done: "The key is forgotten:" },
} as const;

/** By which key the device is known; another one waits here for a person's decision. */
export function HostKeyPanel({ device }: { device: Device }) {
	const api = useApi();
	const queries = useQueryClient();
	const mayTrust = usePermitted()("devices:trust");
	const [asking, setAsking] = useState<Decision>();
	const params = { id: device.id };
	const read = useQuery({
		queryKey: ["host_keys", device.id],
		queryFn: ({ signal }) =>
			api.devices.getHostKey({ params }, { signal }).catch((error: unknown) => {
				if (error instanceof ApiProblem && error.problem.code === "host_keys.not_found") return null;
				throw error;
			}),
		meta: { shows: ["devices"] },
	});
	const fingerprint = read.data?.presented_fingerprint ?? null;
	const decide = useMutation({
		mutationFn: async (decision: Decision) => {
			if (decision === "forget") return api.devices.forgetHostKey({ params });
			const body = { fingerprint: fingerprint ?? "" };
			return decision === "accept"
				? api.devices.acceptHostKey({ params, body })
				: api.devices.rejectHostKey({ params, body });
		},
		onSuccess: (_, decision) => {
			toastDone(`${decisions[decision].done} ${device.name}`);
			void queries.invalidateQueries({ queryKey: ["host_keys"] });
			void queries.invalidateQueries({ queryKey: ["devices"] });
		},
		onError: toastProblem,
		onSettled: () => setAsking(undefined),
	});
	return (
		<Panel
			title="Host key"
			actions={
				mayTrust &&
				read.data && (
					<Button variant="subtle" color="red" onClick={() => setAsking("forget")}>
						Forget the key
					</Button>
				)
			}
		>
			<Loaded query={read} rows={2}>
				{(key) =>
					key === null ? (
						<p className="nc-panel-body">
							No key is known yet. The one that the device presents at the first contact will be trusted; compare it
							then with the device's own.
						</p>
					) : (
						<div className="nc-panel-body">
							{key.presented_fingerprint !== null && (
								<Notice tone="bad" icon="key" title="The device presents another key than the accepted one">
									<div>
										Nothing is sent to it until somebody decides. Either the device was replaced or its key renewed, or
										something else answers in its place. Read the fingerprint on the device itself and compare it.
									</div>
									{mayTrust && (
										<Group gap="xs">
											<Button color="red" onClick={() => setAsking("accept")}>
												Accept this key
											</Button>
											<Button variant="default" onClick={() => setAsking("reject")}>
												Reject this key
											</Button>
										</Group>
									)}
								</Notice>
							)}
							<div className={style.sides}>
								<Side
									title="Accepted"
									algorithm={key.algorithm}
									fingerprint={key.fingerprint}
									other={key.presented_fingerprint}
								>
									{key.accepted_by === "first use"
										? "trusted at the first contact"
										: `by ${visibleLine(key.accepted_by)}`}
									, <Ago at={key.accepted_at} />
								</Side>
								{key.presented_fingerprint !== null && (
									<Side
										title="Presented now"
										algorithm={key.presented_algorithm ?? ""}
										fingerprint={key.presented_fingerprint}
										other={key.fingerprint}
									>
										{key.presented_at !== null && (
											<>
												seen <Ago at={key.presented_at} />
											</>
										)}
									</Side>
								)}
							</div>
						</div>
					)
				}
			</Loaded>
			<Confirm
				opened={asking !== undefined}
				title={asking === undefined ? "" : `${decisions[asking].title} ${device.name}?`}
				action={asking === undefined ? "" : decisions[asking].action}
				busy={decide.isPending}
				onConfirm={() => asking !== undefined && decide.mutate(asking)}
				onClose={() => setAsking(undefined)}
			>
				{asking === "accept" && (
					<>
						From then on the device is known by{" "}
						<span className="nc-mono nc-break">{visibleLine(fingerprint ?? "")}</span>, and its login is sent to whoever
						holds that key.
					</>
				)}
				{asking === "reject" && (
					<>
						The accepted key stays. Each contact that meets{" "}
						<span className="nc-mono nc-break">{visibleLine(fingerprint ?? "")}</span> is refused, and the device asks
						again here.
					</>
				)}
				{asking === "forget" && (
					<>
						The next contact trusts whatever key it is presented, and sends the login to whoever holds it. Do that only
						when you know who will answer.
					</>
				)}
			</Confirm>
		</Panel>
	);
}

/** One key, with the mark of one that differs from the other. */
function Side({
	title,
	algorithm,
	fingerprint,
	other,
	children,
}: {
	title: string;
	algorithm: string;
	fingerprint: HostKey["fingerprint"];
	other: string | null;
	children: ReactNode;
}) {
	return (
		<section className={style.side} aria-label={title} data-differs={other !== null || undefined}>
			<h3>{title}</h3>
			<div className="nc-mono nc-break">
				{visibleLine(fingerprint)}
				<CopyIcon text={fingerprint} label={`Copy the fingerprint: ${title.toLowerCase()}`} />
			</div>
			<div className="nc-small nc-dim">
				{visibleLine(algorithm)}
				{" · "}
				{children}
			</div>
		</section>
	);
}
