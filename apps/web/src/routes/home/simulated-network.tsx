import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { SimulatedChange } from "@netconductor/contracts/system/model";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";

const looks: Record<"absent" | "starting" | "running" | "stopped", Look> = {
	absent: { tone: "calm", icon: "minus", word: "None" },
	starting: { tone: "busy", icon: "running", word: "Starting" },
	running: { tone: "good", icon: "ok", word: "Running" },
	stopped: { tone: "warn", icon: "stop", word: "Stopped" },
};

/** What can be done with the simulated network. Nothing of it touches a real device. */
export function useSimulatedNetwork() {
	const api = useApi();
	const queries = useQueryClient();
	const mayRead = usePermitted()("system:read");
	const network = useQuery({ ...homeQueries(api).simulated, enabled: mayRead });
	const readAgain = () =>
		Promise.all(
			[["system"], ["devices"], ["device_groups"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
		);
	const start = useMutation({
		mutationFn: () => api.system.startSimulatedNetwork({ body: {} }),
		onSettled: readAgain,
	});
	const change = useMutation({
		mutationFn: () => api.system.changeSimulatedNetwork({}),
		onSuccess: readAgain,
	});
	const remove = useMutation({
		mutationFn: () => api.system.removeSimulatedNetwork({}),
		onSuccess: async () => {
			await readAgain();
			toastDone("The simulated network is removed");
		},
		onError: toastProblem,
	});
	return { network, start, change, remove };
}

/**
 * How the simulated network is, and the way to start it again, change it or be rid of it.
 * @param changing false where something else offers to change it
 */
export function SimulatedNetworkBar({ changing = true }: { changing?: boolean }) {
	const { network, start, change, remove } = useSimulatedNetwork();
	const permitted = usePermitted();
	const [asking, ask] = useDisclosure();
	const { data } = network;
	if (data === undefined || (data.state === "absent" && !data.available)) return null;
	const mayWrite = permitted("system:write");
	return (
		<section aria-label="Simulated network" className={styles.simulated}>
			<div className={styles.network}>
				<div className="nc-small">
					<strong>Simulated network</strong> <State {...looks[data.state]} />{" "}
					{data.state !== "absent" && (
						<TextLink to="/devices" search={{ tag: data.tag }} size="xs">
							{count(data.devices.length, "device")}
						</TextLink>
					)}
					{data.state === "absent" && (
						<div className="nc-dim">Simulated routers and switches on this machine, to try things on.</div>
					)}
					{data.detail !== null && <div className="nc-dim">{visibleLine(data.detail)}</div>}
				</div>
				{mayWrite && (
					<div className="nc-head">
						{(data.state === "absent" || data.state === "stopped") && data.available && (
							<Button variant="default" loading={start.isPending} onClick={() => start.mutate()}>
								{data.state === "absent" ? "Start it" : "Start it again"}
							</Button>
						)}
						{data.state === "running" && changing && (
							<Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
								Change three devices
							</Button>
						)}
						{data.state !== "absent" && permitted("devices:write") && (
							<Button variant="subtle" color="red" onClick={ask.open}>
								Stop and remove
							</Button>
						)}
					</div>
				)}
			</div>
			{start.isError && <ProblemAlert error={start.error} />}
			{change.isError && <ProblemAlert error={change.error} />}
			{change.data !== undefined && (
				<div className="nc-panel-body">
					<Typed change={change.data} />
				</div>
			)}
			<Confirm
				opened={asking}
				title="Stop and remove the simulated network?"
				action="Stop and remove"
				busy={remove.isPending}
				onConfirm={() => remove.mutate(undefined, { onSettled: ask.close })}
				onClose={ask.close}
			>
				{count(data.devices.length, "simulated device")} will be stopped and taken out of the inventory. Their backups
				stay until their retention ends. No other device is touched.
			</Confirm>
		</section>
	);
}

/** What somebody typed on the devices. */
export function Typed({ change: { changes } }: { change: SimulatedChange }) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
		<section className={styles.typed} tabIndex={0} aria-label="What was typed on the devices">
			{changes
				.map(
					({ device_name, lines }) =>
						`${visibleLine(device_name)}\n${lines.map((line) => `  ${visibleText(line)}`).join("\n")}`,
				)
				.join("\n\n")}
		</section>
	);
}
