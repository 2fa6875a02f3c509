import { Menu, useMantineColorScheme } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Link } from "@tanstack/react-router";
import { useMe } from "../api/context.tsx";
import { Icon } from "../ui/icon.tsx";
import { count } from "../ui/words.ts";
import { useDensity } from "./density.ts";
import { useSignOut } from "./use-sign-out.ts";
import { UserButton } from "./user-button.tsx";

const schemes = [
	{ value: "auto", label: "As the system" },
	{ value: "light", label: "Light" },
	{ value: "dark", label: "Dark" },
] as const;
const densities = [
	{ value: "compact", label: "Compact rows" },
	{ value: "comfortable", label: "Comfortable rows" },
] as const;

/** Who is signed in, how it looks to them, and the way out. Open from the start: it is loaded when somebody asks for it. */
export function UserMenu() {
	const signOut = useSignOut();
	const { user, device_groups } = useMe();
	const { colorScheme, setColorScheme } = useMantineColorScheme();
	const [density, setDensity] = useDensity();

	return (
		<Menu position="bottom-end" width={220} defaultOpened>
			<Menu.Target>
				<UserButton />
			</Menu.Target>
			<Menu.Dropdown>
				<Menu.Label>
					{visibleLine(user.username)} · {user.role}
				</Menu.Label>
				{device_groups !== null && (
					<Menu.Label>
						<span className="nc-state">
							<Icon name="group" size={12} />
							Only devices of {count(device_groups.length, "group")}
						</span>
					</Menu.Label>
				)}
				<Menu.Item component={Link} to="/change-password">
					Change password
				</Menu.Item>
				<Menu.Item component={Link} to="/second-factor">
					Second factor
				</Menu.Item>
				<Menu.Divider />
				<Menu.Label>Colours</Menu.Label>
				{schemes.map(({ value, label }) => (
					<Menu.RadioItem
						key={value}
						value={value}
						checked={colorScheme === value}
						onChange={() => setColorScheme(value)}
					>
						{label}
					</Menu.RadioItem>
				))}
				<Menu.Label>Density</Menu.Label>
				{densities.map(({ value, label }) => (
					<Menu.RadioItem key={value} value={value} checked={density === value} onChange={() => setDensity(value)}>
						{label}
					</Menu.RadioItem>
				))}
				<Menu.Divider />
				<Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
			</Menu.Dropdown>
		</Menu>
	);
}
