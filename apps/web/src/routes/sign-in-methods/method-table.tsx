import { ActionIcon, Button, Group, Menu } from "@mantine/core";
import type { LoginMethod } from "@netconductor/contracts/auth/login-methods";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "../../ui/icon.tsx";
import { State } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";
import { kindWords, whereOf } from "./kinds.ts";

interface MethodActions {
	edit(method: LoginMethod): void;
	test(method: LoginMethod): void;
	enable(method: LoginMethod): void;
	disable(method: LoginMethod): void;
	remove(method: LoginMethod): void;
	/** Up is towards the one that is asked first. */
	move(method: LoginMethod, by: -1 | 1): void;
}

/** Ways to sign in, in the order in which they are asked. */
export function MethodTable({
	methods,
	actions,
}: {
	methods: readonly LoginMethod[];
	actions: MethodActions | undefined;
}) {
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<th scope="col">Name</th>
						<th scope="col" className="nc-medium">
							Where
						</th>
						<th scope="col">State</th>
						<th scope="col" className="nc-medium nc-number">
							Users
						</th>
						<th scope="col" className="nc-wide">
							People who were never here
						</th>
						{actions !== undefined && <th scope="col">Change</th>}
					</tr>
				</thead>
				<tbody>
					{methods.map((method, index) => (
						<tr key={method.id}>
							<th scope="row" style={{ fontWeight: 550 }}>
								{visibleLine(method.name)}
								<div className="nc-small nc-dim" style={{ fontWeight: 400 }}>
									{kindWords[method.kind]}
								</div>
								<div className="nc-narrow nc-small nc-dim" style={{ fontWeight: 400 }}>
									{count(method.users, "user")}
								</div>
							</th>
							<td className="nc-medium nc-break">{visibleLine(whereOf(method))}</td>
							<td>
								{method.enabled ? (
									<State tone="good" icon="ok" word="On" />
								) : (
									<State tone="calm" icon="stop" word="Off" />
								)}
							</td>
							<td className="nc-medium nc-number">{method.users}</td>
							<td className="nc-wide">{method.provision ? "are let in" : "are refused"}</td>
							{actions !== undefined && (
								<td>
									<RowActions
										method={method}
										first={index === 0}
										last={index === methods.length - 1}
										actions={actions}
									/>
								</td>
							)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** Buttons by which a method is moved; the focus stays on the one that was pressed, wherever its row went. */
export function moveButtonId(id: string, by: -1 | 1): string {
	return `move-${by === -1 ? "up" : "down"}-${id}`;
}

function RowActions({
	method,
	first,
	last,
	actions,
}: {
	method: LoginMethod;
	first: boolean;
	last: boolean;
	actions: MethodActions;
}) {
	const name = visibleLine(method.name);
	const { edit, test, enable, disable, remove, move } = actions;
	return (
		<Group gap={4} wrap="nowrap">
			<ActionIcon
				id={moveButtonId(method.id, -1)}
				variant="subtle"
				color="gray"
				aria-label={`Ask ${name} earlier`}
				aria-disabled={first}
				data-disabled={first || undefined}
				onClick={() => !first && move(method, -1)}
			>
				<Icon name="up" size={14} />
			</ActionIcon>
			<ActionIcon
				id={moveButtonId(method.id, 1)}
				variant="subtle"
				color="gray"
				aria-label={`Ask ${name} later`}
				aria-disabled={last}
				data-disabled={last || undefined}
				onClick={() => !last && move(method, 1)}
			>
				<Icon name="down" size={14} />
			</ActionIcon>
			<Button
				variant="default"
				size="compact-xs"
				className="nc-medium"
				aria-label={`Test ${name}`}
				onClick={() => test(method)}
			>
				Test
			</Button>
			<Menu position="bottom-end">
				<Menu.Target>
					<ActionIcon variant="subtle" color="gray" aria-label={`Change ${name}`}>
						<Icon name="more" />
					</ActionIcon>
				</Menu.Target>
				<Menu.Dropdown>
					<Menu.Item leftSection={<Icon name="edit" size={14} />} onClick={() => edit(method)}>
						Edit
					</Menu.Item>
					<Menu.Item leftSection={<Icon name="pulse" size={14} />} onClick={() => test(method)}>
						Test
					</Menu.Item>
					{method.enabled ? (
						<Menu.Item leftSection={<Icon name="stop" size={14} />} onClick={() => disable(method)}>
							Switch off
						</Menu.Item>
					) : (
						<Menu.Item leftSection={<Icon name="ok" size={14} />} onClick={() => enable(method)}>
							Switch on
						</Menu.Item>
					)}
					<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={() => remove(method)}>
						Delete
					</Menu.Item>
				</Menu.Dropdown>
			</Menu>
		</Group>
	);
}
