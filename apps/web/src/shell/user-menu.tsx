import { Menu, useMantineColorScheme } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Link } from "@tanstack/react-router";
import { useMe } from "../api/context.tsx";
import { Icon } from "../ui/icon.tsx";
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
	const { user } = useMe();
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
				<Menu.Item component={Link} to="/change-password">
					Change password
				</Menu.Item>
				<Menu.Divider />
				<Menu.Label>Colours</Menu.Label>
				{schemes.map(({ value, label }) => (
					<Menu.Item
						key={value}
						role="menuitemradio"
						aria-checked={colorScheme === value}
						closeMenuOnClick={false}
						onClick={() => setColorScheme(value)}
						rightSection={colorScheme === value ? <Icon name="ok" size={14} /> : null}
					>
						{label}
					</Menu.Item>
				))}
				<Menu.Label>Density</Menu.Label>
				{densities.map(({ value, label }) => (
					<Menu.Item
						key={value}
						role="menuitemradio"
						aria-checked={density === value}
						closeMenuOnClick={false}
						onClick={() => setDensity(value)}
						rightSection={density === value ? <Icon name="ok" size={14} /> : null}
					>
						{label}
					</Menu.Item>
				))}
				<Menu.Divider />
				<Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
			</Menu.Dropdown>
		</Menu>
	);
}
