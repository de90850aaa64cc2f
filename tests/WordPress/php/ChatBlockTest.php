<?php
/**
 * The shortcode and the block, the texts of the chat, and the zip that a site installs.
 */

namespace Chatpulse\Tests;

use Chatpulse\Chat_Block;
use Chatpulse\Chat_Texts;

require_once __DIR__ . '/DashboardTestCase.php';

final class ChatBlockTest extends DashboardTestCase {

	public function test_a_visitor_is_sent_to_sign_in_and_gets_no_code(): void {
		$page = $this->page( '[chatpulse-chat]', 0 );

		$this->assertStringContainsString( 'Sign in to chat.', $page );
		$this->assertStringNotContainsString( 'embed.js', $page );
		$this->assertStringNotContainsString( 'window.chatpulseChat', $page );
	}

	public function test_a_user_gets_the_chat_its_code_once_and_no_secret(): void {
		$page = $this->page( '[chatpulse-chat][chatpulse-chat thread="7" height="450"]', $this->make_user() );

		$this->assertStringContainsString( 'id="chatpulse-chat-1" class="chatpulse-chat" data-thread="0" style="display:block;height:600px', $page );
		$this->assertStringContainsString( 'id="chatpulse-chat-2" class="chatpulse-chat" data-thread="7" style="display:block;height:450px', $page );
		$this->assertSame( 1, substr_count( $page, 'assets/embed.js' ) );
		$this->assertSame( 1, substr_count( $page, 'window.chatpulseChat =' ) );
		foreach ( array( 'chatpulse_api_key', 'chatpulse_token_secret', 'chatpulse_webhook_secret' ) as $option ) {
			$this->assertStringNotContainsString( get_option( $option ), $page );
		}
	}

	public function test_every_file_of_the_chat_is_served(): void {
		foreach ( glob( dirname( \Chatpulse\PLUGIN_FILE ) . '/' . Chat_Block::assets() . '/*' ) as $file ) {
			$answer = $this->browse( 0, 'GET', plugins_url( Chat_Block::assets() . '/' . basename( $file ), \Chatpulse\PLUGIN_FILE ) );
			$this->assertSame( 200, wp_remote_retrieve_response_code( $answer ), $file );
			$this->assertStringContainsString( str_ends_with( $file, '.css' ) ? 'text/css' : 'javascript', wp_remote_retrieve_header( $answer, 'content-type' ) );
			preg_match_all( '/(?:from|import\() ?\'\.\/([\w.-]+)\'/', wp_remote_retrieve_body( $answer ), $imports );
			foreach ( array_diff( $imports[1], array( 'terminal.js' ) ) as $import ) {
				$this->assertFileExists( dirname( $file ) . "/$import" );
			}
			$this->assertStringNotContainsString( "from 'socket.io-client'", wp_remote_retrieve_body( $answer ), 'A page has no import map.' );
		}
	}

	/** @dataProvider attacks */
	public function test_attributes_are_numbers( string $attributes ): void {
		wp_set_current_user( $this->make_user() );

		$this->assertMatchesRegularExpression(
			'/^<div id="chatpulse-chat-\d+" class="chatpulse-chat" data-thread="\d+" style="display:block;height:\d{3,4}px;max-height:90vh"><noscript>[^<]+<\/noscript><\/div>$/D',
			do_shortcode( "[chatpulse-chat $attributes]" )
		);
	}

	public function attacks(): array {
		return array(
			array( 'thread=\'"><script>alert(1)</script>\'' ),
			array( 'height="100%;background:url(//example.org)"' ),
			array( 'height="99999999999" thread="-5"' ),
			array( 'unknown="1"' ),
		);
	}

	public function test_who_may_not_chat_is_told_so(): void {
		add_filter( 'chatpulse_chat_capability', static fn() => 'do_not_allow', 99 );
		wp_set_current_user( $this->make_user() );
		try {
			$this->assertStringContainsString( 'may not use the chat', do_shortcode( '[chatpulse-chat]' ) );
		} finally {
			remove_all_filters( 'chatpulse_chat_capability', 99 );
		}
	}

	public function test_only_an_administrator_is_told_what_is_missing(): void {
		$before = get_option( 'chatpulse_socket_url' );
		update_option( 'chatpulse_socket_url', '' );
		try {
			wp_set_current_user( $this->make_user() );
			$this->assertStringContainsString( 'not available', do_shortcode( '[chatpulse-chat]' ) );
			wp_set_current_user( $this->make_user( 'administrator' ) );
			$this->assertStringContainsString( 'Settings → Chatpulse', do_shortcode( '[chatpulse-chat]' ) );
		} finally {
			update_option( 'chatpulse_socket_url', $before );
		}
	}

	public function test_the_block_shows_what_the_shortcode_shows(): void {
		wp_set_current_user( $this->make_user() );

		$html = do_blocks( '<!-- wp:chatpulse/chat {"thread":3,"height":500} /-->' );

		$this->assertStringContainsString( 'data-thread="3" style="display:block;height:500px', $html );
		$block = \WP_Block_Type_Registry::get_instance()->get_registered( 'chatpulse/chat' );
		$this->assertSame( 'Chat', $block->title );
		$this->assertTrue( wp_script_is( $block->editor_script, 'registered' ) );
	}

	public function test_every_text_of_the_chat_can_be_translated(): void {
		$texts = array();
		foreach ( glob( __DIR__ . '/../../../web/*.js' ) as $file ) {
			preg_match_all( "/(?<![\\w.])text\\(\\s*'((?:[^'\\\\]|\\\\.)*)'/", file_get_contents( $file ), $found );
			array_push( $texts, ...array_map( 'stripslashes', $found[1] ) );
		}
		$texts = array_unique( $texts );
		sort( $texts );
		$known = array_keys( Chat_Texts::all() );
		sort( $known );

		$this->assertNotEmpty( $texts );
		$this->assertSame( $texts, $known );
	}

	public function test_translations_reach_the_chat(): void {
		$translate = static fn( string $translation, string $text, string $domain ): string => 'chatpulse' === $domain && 'Send' === $text ? 'Senden</script>' : $translation;
		add_filter( 'gettext', $translate, 10, 3 );
		try {
			$this->assertSame( array( 'Send' => 'Senden</script>' ), Chat_Texts::translations() );
		} finally {
			remove_filter( 'gettext', $translate, 10 );
		}
	}

	public function test_the_list_for_translators_is_up_to_date(): void {
		exec( escapeshellarg( dirname( __DIR__, 3 ) . '/scripts/wordpress/pot.sh' ) . ' --check 2>&1', $output, $status );

		$this->assertSame( 0, $status, implode( "\n", $output ) );
	}

	private function page( string $content, int $user ): string {
		$id = wp_insert_post(
			array(
				'post_type'    => 'page',
				'post_status'  => 'publish',
				'post_title'   => 'Chat',
				'post_content' => $content,
			)
		);
		return wp_remote_retrieve_body( $this->browse( $user, 'GET', get_permalink( $id ) ) );
	}
}
