<?php
/**
 * Settings → Chatpulse.
 *
 * @package Chatpulse
 */

namespace Chatpulse\Admin;

use Chatpulse\Chat_Roles;
use Chatpulse\Options;
use Chatpulse\Uninstaller;

use const Chatpulse\PLUGIN_FILE;
use const Chatpulse\VERSION;

defined( 'ABSPATH' ) || exit;

/**
 * The page and what its buttons ask for. Secrets are not part of the page: they come when somebody asks to see them.
 */
final class Settings_Page {

	public const SLUG = 'chatpulse';

	/** Name of the nonce of the page's buttons. */
	public const NONCE = 'chatpulse_settings_page';

	/** Who may see and change the settings. */
	public const CAPABILITY = 'manage_options';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_action( 'admin_menu', array( self::class, 'add_page' ) );
		add_action( 'admin_enqueue_scripts', array( self::class, 'enqueue' ) );
		add_action( 'wp_ajax_chatpulse_secrets', array( self::class, 'answer_secrets' ) );
		add_action( 'wp_ajax_chatpulse_test', array( self::class, 'answer_test' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( PLUGIN_FILE ), array( self::class, 'add_link' ) );
	}

	/**
	 * The page's address.
	 */
	public static function url(): string {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}

	/**
	 * Adds the page to the menu.
	 */
	public static function add_page(): void {
		add_options_page( __( 'Chatpulse', 'chatpulse' ), __( 'Chatpulse', 'chatpulse' ), self::CAPABILITY, self::SLUG, array( self::class, 'show' ) );
	}

	/**
	 * Adds a link to the page in the list of plugins.
	 *
	 * @param string[] $links The plugin's links.
	 * @return string[]
	 */
	public static function add_link( array $links ): array {
		return array_merge( array( '<a href="' . esc_url( self::url() ) . '">' . esc_html__( 'Settings', 'chatpulse' ) . '</a>' ), $links );
	}

	/**
	 * Loads the page's script, on the page only.
	 *
	 * @param string $page Which page of the dashboard is shown.
	 */
	public static function enqueue( string $page ): void {
		if ( 'settings_page_' . self::SLUG !== $page ) {
			return;
		}
		wp_enqueue_script( 'chatpulse-settings', plugins_url( 'assets/settings.js', PLUGIN_FILE ), array(), VERSION, true );
		wp_localize_script(
			'chatpulse-settings',
			'chatpulseSettings',
			array(
				'url'   => admin_url( 'admin-ajax.php' ),
				'nonce' => wp_create_nonce( self::NONCE ),
				'texts' => array(
					'replace' => __( 'Replace this secret? What uses it (the chat server’s .env file) has to be changed too, or the chat stops working.', 'chatpulse' ),
					'saving'  => __( 'It counts as soon as you save.', 'chatpulse' ),
					'show'    => __( 'Show', 'chatpulse' ),
					'hide'    => __( 'Hide', 'chatpulse' ),
					'copied'  => __( 'Copied.', 'chatpulse' ),
					'testing' => __( 'Testing…', 'chatpulse' ),
					'failed'  => __( 'That did not work. Load the page again and try once more.', 'chatpulse' ),
				),
			)
		);
	}

	/**
	 * Answers the buttons that show secrets: all of them, and the lines of the .env file.
	 */
	public static function answer_secrets(): void {
		self::check_request();
		$secrets = array();
		foreach ( array_keys( Settings::secrets() ) as $option ) {
			if ( Settings::may_see_secret( $option ) ) {
				$secrets[ $option ] = Options::text( $option );
			}
		}
		wp_send_json_success(
			array(
				'secrets'     => $secrets,
				'environment' => Server_Environment::text(),
			)
		);
	}

	/**
	 * Answers the button that tests the connection.
	 */
	public static function answer_test(): void {
		self::check_request();
		wp_send_json_success( Connection_Test::run( get_current_user_id() ) );
	}

	/**
	 * Only somebody who may, from the page itself.
	 */
	private static function check_request(): void {
		check_ajax_referer( self::NONCE );
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_send_json_error( __( 'You are not allowed to do that.', 'chatpulse' ), 403 );
		}
	}

	/**
	 * Shows the page.
	 */
	public static function show(): void {
		if ( ! current_user_can( self::CAPABILITY ) ) {
			return;
		}
		?>
		<div class="wrap">
			<h1><?php esc_html_e( 'Chatpulse', 'chatpulse' ); ?></h1>
			<form method="post" action="options.php">
				<?php settings_fields( Settings::GROUP ); ?>
				<h2><?php esc_html_e( 'Chat server', 'chatpulse' ); ?></h2>
				<table class="form-table" role="presentation">
					<?php
					self::show_address( Options::SOCKET_URL, __( 'The address that browsers connect to. If this site’s own web server passes /socket.io on to the chat server, it is the address of this site.', 'chatpulse' ) );
					self::show_address( Options::SERVER_URL, __( 'Only if it differs: where this site sends its webhooks, for example http://127.0.0.1:3001.', 'chatpulse' ) );
					?>
				</table>
				<h2><?php esc_html_e( 'Secrets', 'chatpulse' ); ?></h2>
				<p><?php esc_html_e( 'The site and the chat server know each other by these. They are shown only when you ask.', 'chatpulse' ); ?></p>
				<table class="form-table" role="presentation">
					<?php
					self::show_secret( Options::API_KEY, __( 'With it the chat server calls this site’s REST API (WP_API_KEY).', 'chatpulse' ) );
					self::show_secret( Options::TOKEN_SECRET, __( 'Signs the tokens by which users prove to the chat server who they are (AUTH_SECRET).', 'chatpulse' ) );
					self::show_secret( Options::WEBHOOK_SECRET, __( 'Signs what this site tells the chat server (WEBHOOK_SECRET).', 'chatpulse' ) );
					?>
				</table>
				<h2><?php esc_html_e( 'Rules', 'chatpulse' ); ?></h2>
				<table class="form-table" role="presentation">
					<?php self::show_rules(); ?>
				</table>
				<?php submit_button(); ?>
			</form>

			<h2><?php esc_html_e( 'Connection test', 'chatpulse' ); ?></h2>
			<p><?php esc_html_e( 'Tests what is saved: whether the chat server answers, takes this site’s webhooks and lets its users in.', 'chatpulse' ); ?></p>
			<p><button type="button" class="button" id="chatpulse-test"><?php esc_html_e( 'Test the connection', 'chatpulse' ); ?></button></p>
			<div id="chatpulse-test-results" role="status"></div>

			<h2><?php esc_html_e( 'Settings of the chat server', 'chatpulse' ); ?></h2>
			<p><?php esc_html_e( 'These lines belong into the chat server’s .env file. They contain secrets.', 'chatpulse' ); ?></p>
			<p>
				<button type="button" class="button" id="chatpulse-environment-show" aria-controls="chatpulse-environment"><?php esc_html_e( 'Show the lines', 'chatpulse' ); ?></button>
				<button type="button" class="button" id="chatpulse-environment-copy" hidden><?php esc_html_e( 'Copy', 'chatpulse' ); ?></button>
				<span id="chatpulse-environment-copied" role="status"></span>
			</p>
			<textarea id="chatpulse-environment" class="large-text code" rows="8" readonly hidden aria-label="<?php esc_attr_e( 'Lines for the .env file', 'chatpulse' ); ?>"></textarea>
		</div>
		<?php
	}

	/**
	 * A row with an address.
	 *
	 * @param string $option      The option.
	 * @param string $description What it is for.
	 */
	private static function show_address( string $option, string $description ): void {
		?>
		<tr>
			<th scope="row"><label for="<?php echo esc_attr( $option ); ?>"><?php echo esc_html( Settings::addresses()[ $option ] ); ?></label></th>
			<td>
				<?php if ( Options::is_constant( $option ) ) : ?>
					<code><?php echo esc_html( Options::text( $option ) ); ?></code>
					<?php self::show_constant_note(); ?>
				<?php else : ?>
					<input type="url" class="regular-text code" id="<?php echo esc_attr( $option ); ?>" name="<?php echo esc_attr( $option ); ?>" value="<?php echo esc_attr( Options::text( $option ) ); ?>" placeholder="https://chat.example.org">
				<?php endif; ?>
				<p class="description"><?php echo esc_html( $description ); ?></p>
			</td>
		</tr>
		<?php
	}

	/**
	 * A row with a secret: an empty field that keeps what is there.
	 *
	 * @param string $option      The option.
	 * @param string $description What it is for.
	 */
	private static function show_secret( string $option, string $description ): void {
		$is_set = '' !== Options::text( $option );
		?>
		<tr>
			<th scope="row"><label for="<?php echo esc_attr( $option ); ?>"><?php echo esc_html( Settings::secrets()[ $option ] ); ?></label></th>
			<td>
				<?php if ( Options::is_constant( $option ) ) : ?>
					<code><?php echo $is_set ? '••••••••' : esc_html__( 'empty', 'chatpulse' ); ?></code>
					<?php self::show_constant_note(); ?>
				<?php else : ?>
					<input type="password" class="regular-text code" id="<?php echo esc_attr( $option ); ?>" name="<?php echo esc_attr( $option ); ?>" value="" autocomplete="new-password" spellcheck="false" placeholder="<?php echo $is_set ? '••••••••••••••••' : ''; ?>">
					<button type="button" class="button" data-chatpulse-show="<?php echo esc_attr( $option ); ?>"><?php esc_html_e( 'Show', 'chatpulse' ); ?></button>
					<button type="button" class="button" data-chatpulse-generate="<?php echo esc_attr( $option ); ?>" data-replaces="<?php echo $is_set ? '1' : ''; ?>"><?php esc_html_e( 'Generate', 'chatpulse' ); ?></button>
				<?php endif; ?>
				<p class="description"><?php echo esc_html( $description ); ?> <span role="status"></span></p>
			</td>
		</tr>
		<?php
	}

	/**
	 * Rows of what users may do, and what becomes of the data.
	 */
	private static function show_rules(): void {
		?>
		<tr>
			<th scope="row"><?php esc_html_e( 'Who may chat', 'chatpulse' ); ?></th>
			<td>
				<fieldset>
					<legend class="screen-reader-text"><?php esc_html_e( 'Who may chat', 'chatpulse' ); ?></legend>
					<?php foreach ( wp_roles()->get_names() as $role => $name ) : ?>
						<label><input type="checkbox" name="<?php echo esc_attr( Chat_Roles::OPTION ); ?>[]" value="<?php echo esc_attr( $role ); ?>" <?php checked( in_array( $role, Chat_Roles::chosen(), true ) ); ?>> <?php echo esc_html( translate_user_role( $name ) ); ?></label><br>
					<?php endforeach; ?>
				</fieldset>
				<p class="description"><?php esc_html_e( 'With none chosen, everybody with an account may. Administrators always may.', 'chatpulse' ); ?></p>
			</td>
		</tr>
		<tr>
			<th scope="row"><label for="<?php echo esc_attr( Options::RATE_LIMIT ); ?>"><?php esc_html_e( 'Messages a minute', 'chatpulse' ); ?></label></th>
			<td>
				<input type="number" class="small-text" min="0" max="6000" step="1" id="<?php echo esc_attr( Options::RATE_LIMIT ); ?>" name="<?php echo esc_attr( Options::RATE_LIMIT ); ?>" value="<?php echo esc_attr( (string) get_option( Options::RATE_LIMIT, Options::DEFAULTS[ Options::RATE_LIMIT ] ) ); ?>">
				<p class="description"><?php esc_html_e( 'So many one user may send; 0 is no limit.', 'chatpulse' ); ?></p>
			</td>
		</tr>
		<tr>
			<th scope="row"><?php esc_html_e( 'When the plugin is deleted', 'chatpulse' ); ?></th>
			<td>
				<label><input type="checkbox" name="<?php echo esc_attr( Uninstaller::OPTION ); ?>" value="1" <?php checked( (bool) get_option( Uninstaller::OPTION ) ); ?>> <?php esc_html_e( 'Delete all conversations, attachments and settings with it', 'chatpulse' ); ?></label>
				<p class="description"><?php esc_html_e( 'Otherwise they stay in the database. Deactivating the plugin never deletes anything.', 'chatpulse' ); ?></p>
			</td>
		</tr>
		<?php
	}

	/**
	 * Says that a value cannot be changed here.
	 */
	private static function show_constant_note(): void {
		echo ' <em>' . esc_html__( 'set in wp-config.php', 'chatpulse' ) . '</em>';
	}
}
