import { Anchor } from "@mantine/core";
import type { ServiceInstanceSummary } from "@netconductor/contracts/config/instances";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago } from "../../ui/time.tsx";
import { InstanceState, instanceLooks } from "./looks.tsx";

/** Columns of services on devices. What all rows have in common has none. */
export function columnsOf({
	onOpen,
	ofOneStack,
	ofOneDevice,
}: {
	onOpen: (id: string) => void;
	ofOneStack: boolean;
	ofOneDevice: boolean;
}): Column<ServiceInstanceSummary>[] {
	const device: Column<ServiceInstanceSummary> = {
		id: "device",
		label: "Device",
		sort: "device_name",
		from: "medium",
		text: ({ device_name }) => device_name,
		cell: ({ device_id, device_name }) => (
			<TextLink to="/devices/$id" params={{ id: device_id }} size="sm">
				{visibleLine(device_name)}
			</TextLink>
		),
	};
	const stack: Column<ServiceInstanceSummary> = {
		id: "stack",
		label: "Stack",
		from: "medium",
		text: ({ stack_name }) => stack_name,
		cell: ({ stack_id, stack_name }) => (
			<TextLink to="/stacks/$id" params={{ id: stack_id }} size="sm">
				{visibleLine(stack_name)}
			</TextLink>
		),
	};
	return [
		{
			id: "service",
			label: "Service",
			sort: "service",
			text: ({ service }) => service,
			cell: ({ id, service, device_name, stack_name }) => (
				<>
					<Anchor component="button" type="button" fw={550} size="sm" onClick={() => onOpen(id)}>
						{visibleLine(service)}
						<span className="nc-visually-hidden"> on {visibleLine(device_name)}: what was sent</span>
					</Anchor>
					<div className="nc-narrow nc-small nc-dim">
						{[!ofOneDevice && `on ${visibleLine(device_name)}`, !ofOneStack && visibleLine(stack_name)]
							.filter((part) => part !== false)
							.join(", ")}
					</div>
				</>
			),
		},
		...(ofOneDevice ? [] : [device]),
		...(ofOneStack ? [] : [stack]),
		{
			id: "state",
			label: "State",
			sort: "state",
			width: 130,
			text: ({ state }) => instanceLooks[state].word,
			cell: ({ state }) => <InstanceState state={state} />,
		},
		{
			id: "outdated",
			label: "Definition",
			width: 150,
			from: "medium",
			text: ({ outdated, stack_version }) =>
				stack_version === null ? "never deployed" : `version ${stack_version}${outdated ? ", changed since" : ""}`,
			cell: ({ outdated, stack_version }) =>
				outdated ? (
					<State tone="warn" icon="edit" word="Changed since" />
				) : (
					<span className="nc-dim">{stack_version === null ? "never deployed" : `version ${stack_version}`}</span>
				),
		},
		{
			id: "error",
			label: "Why",
			from: "wide",
			text: ({ error }) => error ?? "",
			cell: ({ error }) => (
				<span className="nc-dim" title={visibleLine(error ?? "")}>
					{visibleLine(error ?? "")}
				</span>
			),
		},
		{
			id: "template",
			label: "Template",
			from: "wide",
			text: ({ template_name, template_version }) => `${template_name} version ${template_version}`,
			cell: ({ template_id, template_name }) => (
				<TextLink to="/templates/$id" params={{ id: template_id }} size="sm">
					{visibleLine(template_name)}
				</TextLink>
			),
		},
		{
			id: "deployed",
			label: "Deployed",
			sort: "deployed_at",
			width: 130,
			from: "medium",
			text: ({ deployed_at }) => deployed_at ?? "",
			cell: ({ deployed_at }) => (
				<span className="nc-dim">{deployed_at === null ? "never" : <Ago at={deployed_at} />}</span>
			),
		},
	];
}
