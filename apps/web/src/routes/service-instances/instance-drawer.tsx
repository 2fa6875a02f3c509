import { Drawer, Stack } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { ConfigText, visibleLines } from "../../ui/config-text.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Moment } from "../../ui/time.tsx";
import { InstanceState, instanceLooks } from "./looks.tsx";

/** One service on one device: what is known of it, and the lines that were sent. */
export function InstanceDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
	const api = useApi();
	const mayReadRuns = usePermitted()("runs:read");
	const query = useQuery({
		queryKey: ["stacks", "instance", id],
		queryFn: ({ signal }) => api.config.getServiceInstance({ params: { id: id ?? "" } }, { signal }),
		enabled: id !== undefined,
		retry: false,
		meta: { shows: ["templates"] },
	});
	const one = query.data;
	const title = one === undefined ? "Service instance" : visibleLine(`${one.service} on ${one.device_name}`);
	return (
		<Drawer opened={id !== undefined} onClose={onClose} title={title} position="right" size={620} padding="md">
			{id !== undefined && (
				<Loaded query={query} rows={6}>
					{(instance) => (
						<Stack gap="sm">
							<dl className="nc-facts">
								<dt>State</dt>
								<dd>
									<InstanceState state={instance.state} />
									<div className="nc-small nc-dim">{instanceLooks[instance.state].means}</div>
								</dd>
								{instance.error !== null && (
									<>
										<dt>Why</dt>
										<dd className="nc-break">{visibleLine(instance.error)}</dd>
									</>
								)}
								<dt>Stack</dt>
								<dd>
									<TextLink to="/stacks/$id" params={{ id: instance.stack_id }} size="sm">
										{visibleLine(instance.stack_name)}
									</TextLink>
									{instance.stack_version !== null && `, version ${instance.stack_version}`}
									{instance.outdated && <div className="nc-warn">The stack or the template was changed since.</div>}
								</dd>
								<dt>Template</dt>
								<dd className="nc-break">
									{visibleLine(instance.template_name)}, version {instance.template_version}
								</dd>
								<dt>Deployed</dt>
								<dd>{instance.deployed_at === null ? "Never" : <Moment at={instance.deployed_at} />}</dd>
								{mayReadRuns && (
									<>
										<dt>Last change</dt>
										<dd>
											<TextLink to="/runs/$id" params={{ id: instance.run_id }} size="sm">
												See the run
											</TextLink>
										</dd>
									</>
								)}
							</dl>
							<div className="nc-panel">
								<ConfigText
									lines={visibleLines(instance.text)}
									label={instance.deployed_at === null ? "Lines that were tried" : "Lines that were sent"}
								/>
							</div>
						</Stack>
					)}
				</Loaded>
			)}
		</Drawer>
	);
}
