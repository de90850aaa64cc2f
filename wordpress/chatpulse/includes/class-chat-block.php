<?php
/**
 * The chat on a page: the shortcode [chatpulse-chat] and the block chatpulse/chat.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Puts the chat page's own code into a page of the site, signed in as whoever looks at it.
 *
 * The code is in assets/chat-VERSION/: a folder for each version, as browsers keep the files that the first one loads.
 */
final class Chat_Block {

	public const SHORTCODE = 'chatpulse-chat';

	/** Pixels. */
	private const HEIGHT        = 600;
	private const LEAST_HEIGHT  = 300;
	private const LARGEST_HEIGHT = 2000;

	/** How many chats this page has so far. */
	private static int $count = 0;

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_shortcode( self::SHORTCODE, array( self::class, 'render_shortcode' ) );
		add_action( 'init', array( self::class, 'register_block' ) );
	}

	/**
	 * Where the chat's code is, below the plugin's folder.
	 */
	public static function assets(): string {
		return 'assets/chat-' . VERSION;
	}

	/**
	 * Registers the block and the scripts; not for the plugin's own routes, which show no pages and are called for every message.
	 */
	public static function register_block(): void {
		if ( Rest_Api::is_called() ) {
			return;
		}
		wp_register_script( 'chatpulse-embed', plugins_url( 'assets/embed.js', PLUGIN_FILE ), array(), VERSION, true );
		register_block_type( dirname( PLUGIN_FILE ) . '/blocks/chat', array( 'render_callback' => array( self::class, 'render' ) ) );
		wp_set_script_translations( 'chatpulse-chat-editor-script', 'chatpulse', dirname( PLUGIN_FILE ) . '/languages' );
	}

	/**
	 * The shortcode.
	 *
	 * @param array<string, string>|string $attributes `thread`, `height`.
	 */
	public static function render_shortcode( $attributes ): string {
		return self::render(
			shortcode_atts(
				array(
					'thread' => 0,
					'height' => self::HEIGHT,
				),
				(array) $attributes,
				self::SHORTCODE
			)
		);
	}

	/**
	 * The chat, or why there is none.
	 *
	 * @param array<string, mixed> $attributes `thread`: the conversation's number, 0 for all of the visitor's; `height`: pixels.
	 */
	public static function render( array $attributes ): string {
		$height = min( max( absint( $attributes['height'] ?? 0 ) ?: self::HEIGHT, self::LEAST_HEIGHT ), self::LARGEST_HEIGHT );
		$thread = absint( $attributes['thread'] ?? 0 );
		if ( ! is_user_logged_in() ) {
			return sprintf(
				'<p class="chatpulse-sign-in"><a href="%s">%s</a></p>',
				esc_url( wp_login_url( (string) get_permalink() ) ),
				esc_html__( 'Sign in to chat.', 'chatpulse' )
			);
		}
		if ( ! People::may_chat( get_current_user_id() ) ) {
			return '<p class="chatpulse-refused">' . esc_html__( 'Your account may not use the chat of this site.', 'chatpulse' ) . '</p>';
		}
		$problem = self::problem();
		if ( '' !== $problem ) {
			$text = current_user_can( 'manage_options' ) ? $problem : __( 'The chat is not available at the moment.', 'chatpulse' );
			return '<p class="chatpulse-problem">' . esc_html( $text ) . '</p>';
		}

		self::enqueue();
		++self::$count;
		return sprintf(
			'<div id="chatpulse-chat-%1$d" class="chatpulse-chat" data-thread="%2$d" style="display:block;height:%3$dpx;max-height:90vh"><noscript>%4$s</noscript></div>',
			self::$count,
			$thread,
			$height,
			esc_html__( 'The chat needs JavaScript.', 'chatpulse' )
		);
	}

	/**
	 * What is missing for a chat; '' if nothing is.
	 */
	private static function problem(): string {
		if ( '' === Options::socket_url() ) {
			return __( 'No chat server is set: enter its address in Settings → Chatpulse.', 'chatpulse' );
		}
		if ( ! is_file( dirname( PLUGIN_FILE ) . '/' . self::assets() . '/messenger.js' ) ) {
			return __( 'The files of the chat are not there: install the plugin from its zip file, or run ./package-plugin.sh --assets-only in its repository.', 'chatpulse' );
		}
		return '';
	}

	/**
	 * Loads the chat's code, once for a page.
	 */
	private static function enqueue(): void {
		if ( wp_script_is( 'chatpulse-embed', 'enqueued' ) ) {
			return;
		}
		$settings = array(
			'code'     => plugins_url( self::assets() . '/', PLUGIN_FILE ),
			'server'   => Options::socket_url(),
			'rest'     => rest_url( Rest_Api::ROUTES ),
			'nonce'    => wp_create_nonce( 'wp_rest' ),
			'newNonce' => admin_url( 'admin-ajax.php?action=rest-nonce' ),
			'texts'    => (object) Chat_Texts::translations(),
			'failed'   => __( 'The chat could not be loaded.', 'chatpulse' ),
		);
		wp_enqueue_script( 'chatpulse-embed' );
		wp_add_inline_script( 'chatpulse-embed', 'window.chatpulseChat = ' . wp_json_encode( $settings, JSON_HEX_TAG | JSON_HEX_AMP ) . ';', 'before' );
	}
}
