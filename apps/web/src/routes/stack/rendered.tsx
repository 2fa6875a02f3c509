import { Button, SegmentedControl } from "@mantine/core";
import type { RenderedDevice, Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { ConfigText, visibleLines } from "../../ui/config-text.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Pager } from "../../ui/pager.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { State } from "../../ui/state.tsx";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useAtOnce } from "../../ui/use-at-once.ts";
import { count } from "../../ui/words.ts";
import styles from "./stack.module.css";

const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/stacks/$id");
const devicesOnPage = 10;

const actions = [
	{ value: "deploy", label: "To deploy" },
	{ value: "delete", label: "To remove" },
	{ value: "validation", label: "To compare" },
] as const;
type Action = (typeof actions)[number]["value"];

/** What the stack comes to on each device; none of them is asked. */
export function Rendered({ stack }: { stack: Stack }) {
	const api = useApi();
	const search = useSearch();
	const navigate = useNavigate();
	const { q, page = 1 } = search;
	const [action, choose] = useAtOnce<Action>(search.action ?? "deploy");
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const query = { q, page, page_size: devicesOnPage, action };
	const list = useQuery({
		queryKey: ["stacks", "rendered", stack.id, query],
		queryFn: ({ signal }) => api.config.renderStack({ params: { id: stack.id }, query }, { signal }),
		placeholderData: keepPreviousData,
		retry: false,
		meta: { shows: ["templates"] },
	});
	const { data } = list;
	return (
		<section className={styles.devices} aria-label="Rendered" aria-busy={list.isFetching}>
			<div className={styles.bar}>
				<SearchField label="Search devices" placeholder="Device" q={q} onSearch={(text) => show({ q: text })} />
				<SegmentedControl
					size="xs"
					aria-label="What for"
					value={action}
					data={[...actions]}
					onChange={(value) => {
						const next = value as Action;
						choose(next);
						show({ action: next === "deploy" ? undefined : next });
					}}
				/>
				{data !== undefined && <span className="nc-small nc-dim">{count(data.total, "device")}</span>}
			</div>
			{list.isError && <ProblemAlert error={list.error} onRetry={() => list.refetch()} />}
			{data === undefined && !list.isError && (
				<div className="nc-panel">
					<RowsLoading />
				</div>
			)}
			{data?.items.map((device) => (
				<Device key={device.device_id} device={device} action={action} />
			))}
			{data?.total === 0 && (
				<div className="nc-panel">
					<Empty
						title={q === undefined ? "It comes to nothing" : "No device matches"}
						actions={
							q !== undefined && (
								<Button variant="default" onClick={() => show({ q: undefined })}>
									Show all
								</Button>
							)
						}
					>
						{q === undefined && "None of its services stands on a device. Edit the stack to choose some."}
					</Empty>
				</div>
			)}
			{data !== undefined && data.total > devicesOnPage && (
				<Pager
					page={page}
					page_size={devicesOnPage}
					total={data.total}
					noun="device"
					onChange={({ page: to }) => show({ page: to })}
				/>
			)}
		</section>
	);
}

function Device({ device, action }: { device: RenderedDevice; action: Action }) {
	const linked = usePermitted()("devices:read");
	const { device_id, device_name, device_type, services, left_out } = device;
	const name = visibleLine(device_name);
	const text = services.map((service) => service.text).join("\n");
	const hasText = text.trim() !== "";
	return (
		<section className="nc-panel" aria-label={name}>
			<div className="nc-panel-head">
				<h2 className="nc-break" style={{ margin: 0, fontSize: "0.9375rem" }}>
					{linked ? (
						<TextLink to="/devices/$id" params={{ id: device_id }} inherit>
							{name}
						</TextLink>
					) : (
						name
					)}{" "}
					<span className="nc-small nc-dim nc-mono">{visibleLine(device_type)}</span>
				</h2>
				{hasText && <CopyButton text={text} label="Copy" />}
			</div>
			{left_out !== null && (
				<div className="nc-panel-body">
					<State tone="calm" icon="stop" word={`Left out, ${visibleLine(left_out)}`} />
				</div>
			)}
			{services.length === 0 && (
				<p className="nc-panel-body nc-dim">
					{action === "delete" ? "None of its templates has a delete template." : "Nothing comes to this device."}
				</p>
			)}
			{services.map((service) => (
				<Service key={service.name} device={name} {...service} />
			))}
		</section>
	);
}

function Service({ device, name, template, text, error }: RenderedDevice["services"][number] & { device: string }) {
	const lines = useMemo(() => visibleLines(text), [text]);
	return (
		<div className={styles.part}>
			<div className="nc-part-head">
				<strong>{visibleLine(name)}</strong>
				<span className="nc-small nc-dim">{visibleLine(template)}</span>
			</div>
			{error !== null ? (
				<Notice tone="bad" icon="warning" title="It cannot be rendered">
					<span>{visibleLine(error.message)}</span>
					<span className="nc-small nc-dim nc-mono">{visibleLine(error.code)}</span>
				</Notice>
			) : text.trim() === "" ? (
				<p className="nc-panel-body nc-dim">No line comes out.</p>
			) : (
				<ConfigText lines={lines} label={`${visibleLine(name)} on ${device}`} />
			)}
		</div>
	);
}
